"""One evaluation run and the folder that it leaves behind."""
