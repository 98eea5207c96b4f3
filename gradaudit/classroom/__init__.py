"""A class: from folders of files to a record for each student, and to what the class got wrong."""
