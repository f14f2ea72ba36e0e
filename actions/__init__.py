"""What can be done to Azure Machine Learning: guarded actions, free of any terminal."""
