"""What developers run and users never meet: checks of commits and files, the site's pages, the release."""
