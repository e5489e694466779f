"""The paper's figures, plotted from configs, predictions and checkpoints."""
