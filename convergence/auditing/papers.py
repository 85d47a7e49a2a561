"""Nothing goes in; the papers and books whose claims are decided come out, as sources."""

from __future__ import annotations

from convergence.auditing.claim import Source

POLYAK = Source("polyak-1964", "Polyak 1964, Some methods of speeding up the convergence of iteration methods")
DONOGHUE = Source("odonoghue-2015", "O'Donoghue and Candès 2015, Adaptive restart for accelerated gradient schemes")
GOODFELLOW = Source("goodfellow-2016", "Goodfellow, Bengio and Courville 2016, Deep Learning")
GOH = Source("goh-2017", "Goh 2017, Why momentum really works, Distill, doi:10.23915/distill.00006")
YELLOWFIN = Source("yellowfin-2019", "Zhang and Mitliagkas 2019, YellowFin and the art of momentum tuning")
MA = Source("ma-yarats-2019", "Ma and Yarats 2019, Quasi-hyperbolic momentum and Adam for deep learning")
LOSHCHILOV = Source("loshchilov-2019", "Loshchilov and Hutter 2019, Decoupled weight decay regularization")
KINGMA = Source("kingma-ba-2015", "Kingma and Ba 2015, Adam: a method for stochastic optimization")
NESTEROV_2004 = Source(
    "nesterov-2004", "Nesterov 2004, Introductory Lectures on Convex Optimization, as it is widely read"
)
QIAN = Source(
    "qian-1999", "Qian 1999, On the momentum term in gradient descent learning algorithms, Neural Networks 12"
)
SUTSKEVER = Source(
    "sutskever-2013", "Sutskever, Martens, Dahl and Hinton 2013, On the importance of initialization and momentum"
)
LESSARD = Source(
    "lessard-2016", "Lessard, Recht and Packard 2016, Analysis and design of optimization algorithms via IQCs"
)
COHEN = Source(
    "cohen-2021", "Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability"
)
