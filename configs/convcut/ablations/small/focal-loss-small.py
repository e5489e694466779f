# Focal loss.
_base_ = ['convcut-small.py']
# mmpretrain's is RetinaNet's: a sigmoid for each class against the rest. The head's softmax keeps
# the order, so predictions are right; its probabilities are not those that were trained
model = dict(head=dict(loss=dict(_delete_=True, type='FocalLoss', gamma=2.0, alpha=0.25)))
