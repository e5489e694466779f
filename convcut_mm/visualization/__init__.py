"""The paper's figures, drawn from configs, predictions and checkpoints by tools/visualization."""
