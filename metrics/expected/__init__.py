"""What customers are expected to bring: how often they will buy, and for how much.

Purchases follow MBG/NBD (Batislam, Denizel and Filiztekin 2007), their amounts Gamma-Gamma (Fader
and Hardie 2013); BG/NBD (Fader, Hardie and Lee 2005) is there to be compared with. All three are fitted by
maximum likelihood. numpy and scipy are the optional extra `clv`; nothing imports them before a fit.
"""
