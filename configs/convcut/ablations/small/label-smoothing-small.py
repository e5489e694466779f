# Label smoothing.
_base_ = ['convcut-small.py']
model = dict(head=dict(loss=dict(_delete_=True, type='LabelSmoothLoss', label_smooth_val=0.1)))
