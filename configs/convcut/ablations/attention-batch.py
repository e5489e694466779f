# Attention over the images of a batch, as released.
_base_ = ['convcut.py']
model = dict(head=dict(attention='batch'))
# each image alone: the answer for it, whatever the other images are
val_dataloader = dict(batch_size=1)
test_dataloader = dict(batch_size=1)
