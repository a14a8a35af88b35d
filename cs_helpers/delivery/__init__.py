"""What is made of a published quarter: PDF files, a bundle, a digest by mail, slides."""
