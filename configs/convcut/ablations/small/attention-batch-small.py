# Attention over the images of a batch, as released.
_base_ = ['convcut-small.py']
model = dict(head=dict(attention='batch'))
# each image alone, so that its prediction depends on no other
val_dataloader = dict(batch_size=1)
test_dataloader = dict(batch_size=1)
