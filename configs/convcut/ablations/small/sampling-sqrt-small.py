# Classes are sampled by the square root of their size.
_base_ = ['convcut-small.py']
train_dataloader = dict(sampler=dict(_delete_=True, type='ClassBalancedSampler', power=0.5))
