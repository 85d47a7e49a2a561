"""
Where adaptive runs end
=======================

RMSProp with ε = 0.1 on ½x², over the learning rate: up to the limit of the minimiser it comes to rest, beyond it circles, ever wider. Curves are derived from the rule, dots are where runs end.
"""

import convergence as cv

where = cv.bifurcation("rmsprop", eps=0.1, decay=0.9)
where.plot()
print("limit at the minimiser:", where.limit)
