# The same without attention: each image is judged by itself.
_base_ = ['released.py']
model = dict(head=dict(attention=None))
