#!/usr/bin/env python3
"""Writes trial.csv: a made-up trial at five clinics, for models with categories, weights and curves.

Run in this folder. Needs Python 3.9 alone. The numbers come from `random.Random(seed).random()`, whose sequence Python promises not to
change, and from decimal arithmetic, so every machine writes the same bytes. README.md has the data card.
"""
import random
from decimal import Decimal as D

SEED = 20261130
SIZES = {"north": 164, "park": 118, "lake": 91, "harbour": 68, "hill": 39}
DOSES = [D(0), D(5), D(10), D(20), D(40)]

# The truth: what the change of LDL cholesterol is made of, in mg/dL.
SITE = {"north": D(0), "park": D(5), "lake": D(1), "harbour": D("2.5"), "hill": D(-3)}
SEX = {"1": D(0), "2": D("1.2")}
SMOKER = {"never": D(0), "former": D("1.5"), "current": D(4)}
SLOPE = {"never": D("-0.80"), "former": D("-0.72"), "current": D("-0.50")}
BMI = D("0.25")
CURVE = D("0.012")
LN_TG = D(6)
NOISE = D(9)
# a sample that was spoiled has weight 0, and a value that says little
SPOILED_NOISE = D(30)

uniform = random.Random(SEED).random


def below(n):
    return int(uniform() * n)


def one_of(choices):
    """Draws a key by its weight, a whole number."""
    at = below(sum(choices.values()))
    for key, weight in choices.items():
        at -= weight
        if at < 0:
            return key


def normal():
    """About normal with standard deviation 1: twelve uniform numbers, less 6."""
    return D(sum(below(10001) for _ in range(12)) - 60000).scaleb(-4)


def within(low, value, high, places):
    return min(max(value.quantize(D(1).scaleb(-places)), D(low)), D(high))


def patient(site):
    sex = one_of({"1": 46, "2": 54})
    smoker = one_of({"never": 45, "former": 33, "current": 22})
    # the clinics have patients of different ages
    age = within(30, D(57) + 2 * SITE[site] + 11 * normal(), 84, 0)
    bmi = within(17, D("27.2") + D("4.1") * normal(), 46, 1)
    tg = within(38, (D("4.15") + D("0.025") * bmi + D("0.42") * normal()).exp(), 980, 0)
    dose = DOSES[below(5)]
    weight = D(one_of({"0": 2, "0.25": 8, "0.5": 20, "1": 45, "1.5": 15, "2": 10}))
    visits = one_of({1: 40, 2: 25, 3: 15, 4: 10, 5: 6, 6: 4})
    change = SITE[site] + SEX[sex] + SMOKER[smoker] + SLOPE[smoker] * dose + BMI * (bmi - 27)
    change += CURVE * (age - 58) ** 2 + LN_TG * (tg.ln() - D(150).ln())
    change += normal() * (NOISE / weight.sqrt() if weight else SPOILED_NOISE)
    # adding 0 turns -0.0 into 0.0
    return [site, sex, smoker, age, bmi, tg, dose, weight, visits, change.quantize(D("0.1")) + 0]


def main():
    left = dict(SIZES)
    rows = []
    while any(left.values()):
        # patients arrive in a random order, so the clinics are mixed
        site = one_of(left)
        left[site] -= 1
        rows.append(patient(site))
    with open("trial.csv", "w", newline="\n") as out:
        out.write("site,sex,smoker,age,bmi,tg,dose,weight,visits,ldl_change\n")
        for row in rows:
            out.write(",".join(str(cell) for cell in row) + "\n")


if __name__ == "__main__":
    main()
