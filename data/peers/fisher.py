#!/usr/bin/env python3
"""Writes fisher.json: probabilities that F exceeds a value, to 17 digits. mpmath computes them with 40 digits."""
import json
import os

import mpmath as mp

mp.mp.dps = 40


def share(odds, d1, d2):
    odds, d1, d2 = mp.mpf(odds), mp.mpf(d1), mp.mpf(d2)
    return mp.betainc(d2 / 2, d1 / 2, 0, 1 / (1 + odds), regularized=True)


peers = []
for d1 in (1, 2, 3, 10, 45):
    for d2 in (1, 4, 432, 1999):
        # values of F below, near and far above its mean, which is about one
        for f in (0.5, 1.5, 6.0):
            odds = f * d1 / d2
            peers.append({"odds": odds, "d1": d1, "d2": d2, "share": mp.nstr(share(odds, d1, d2), 17)})
# many degrees of freedom, where the terms of the sum leave the range of an f64
for d1, d2, f in (
    (300, 10000, 0.9), (300, 10000, 3.0), (300, 10000, 5.0), (301, 10000, 6.0), (301, 5, 1e9), (2048, 1000000, 0.9), (2048, 1000000, 1.0),
    (2047, 1000000, 1.1), (2048, 1000000, 2.0), (2048, 1000000, 2.5), (2047, 1000000, 2.5), (2047, 1, 10.0), (1, 1000000, 1300.0),
):
    odds = f * d1 / d2
    peers.append({"odds": odds, "d1": d1, "d2": d2, "share": mp.nstr(share(odds, d1, d2), 17)})

with open(os.path.join(os.path.dirname(__file__), "fisher.json"), "w") as out:
    json.dump(peers, out, indent=1)
    out.write("\n")
