"""Quality inspection on devices: does this part vibrate as it should?"""
