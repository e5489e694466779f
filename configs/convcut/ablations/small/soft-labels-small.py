# The target is the distribution of the votes.
_base_ = ['convcut-small.py']
# keep='majority': the same images as with hard labels, and so the same halves
train_dataloader = dict(dataset=dict(rule='crossentropy', keep='majority'))
model = dict(head=dict(loss=dict(use_soft=True)))
