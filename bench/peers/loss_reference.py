"""Every loss of taurec in plain PyTorch, with gradients by autograd: the reference that test/loss/torch.test.ts compares taurec's losses with.

    /usr/bin/python3 bench/peers/loss_reference.py test/loss/fixtures/torch.json

One batch of three users with a shared pool, on fixed embeddings, in double precision. Each loss is written from its definition, as a weighted sum or mean over
positives i and negatives j, without regard to speed or to overflow at large scores. For each case, the file holds the value and its derivatives by the scores, row by row, and the
derivatives of the batch's value by all embeddings. Embeddings, weights and states are exact in 32 bits. Needs only PyTorch.
"""
import json
import math
import sys

import torch

torch.set_default_dtype(torch.float64)

DIMENSION = 4


def table(rows, seed):
    """[rows × DIMENSION] multiples of 1/64 between −1 and 1 (exact in 32 bits), from a small congruential generator."""
    values = []
    for _ in range(rows * DIMENSION):
        seed = (1103515245 * seed + 12345) % 2**31
        values.append(((seed >> 12) % 129 - 64) / 64)
    return torch.tensor(values).reshape(rows, DIMENSION)


USERS = table(3, 11)
ITEMS = table(11, 5)
POOL = [10, 1, 2, 4, 6, 7, 8, 9]
POOL_WEIGHTS = [1, 2, 0.5, 1, 1.5, 1, 0.75, 3]
ROWS = [
    {"user": 2, "positives": [0, 3, 5], "positiveWeights": [1, 0.5, 2], "rowWeight": 0.5},
    {"user": 0, "positives": [2], "positiveWeights": [1.5], "rowWeight": 0.25},
    {"user": 1, "positives": [4, 8], "positiveWeights": [1, 0.25], "rowWeight": 0.75},
]


# Building blocks of the losses. w: weights; a masked negative has weight 0.


def mean(x, w):
    return (w * x).sum() / w.sum()


def lee(x, tau, w):
    """Log-expectation-exp: τ log( Σ w exp(x/τ) / Σ w ); the mean for τ = inf."""
    return mean(x, w) if tau == math.inf else tau * torch.log(mean(torch.exp(x / tau), w))


def softplus(x):
    return torch.log(1 + torch.exp(x))


def number(x):
    return math.inf if x == "inf" else x


# The losses of a row: positive scores p with weights v, negative scores n with weights w, options o, and in r the states and cosines that some losses read.


def user_temperature(o, r):
    """τ_u of Adap-τ from L_u − L̄, the last of the user's three states; Lambert's W0 by bisection of z e^z = x, z ≥ −1, which rounding blurs at the least x."""
    x = min(max(o["userTau"] * r["userState"][2] / 2, -1 / math.e), 1000)
    low, high = -1.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if middle * math.exp(middle) > x else (middle, high)
    return o["tau"] * math.exp(-1 if x == -1 / math.e else low)


def sl(p, n, v, w, o, r):
    tau, weight = number(o.get("tau", 0.1)), o.get("negativeWeight", 1)
    if "userTau" in o:
        own = user_temperature(o, r)
        return (-mean(p, v) + weight * tau / own * lee(n, own, w)) / tau
    return (-mean(p, v) + weight * lee(n, tau, w)) / (1 if tau == math.inf else tau)


def bsl(p, n, v, w, o, r):
    tau, weight, form = o["tau"], o.get("negativeWeight", 1), o.get("form", "paper")
    if form == "reweight":
        return -mean(p, v) / tau + weight * torch.log((w * torch.exp(n / tau)).sum())
    if "userTau" in o:
        own = user_temperature(o, r)
        return (-lee(p, o["tau1"], v) + weight * tau / own * lee(n, own, w)) / tau
    return (-lee(p, tau if form == "multi" else number(o["tau1"]), v) + weight * lee(n, tau, w)) / tau


def bpr(p, n, v, w, o, r):
    return mean(torch.stack([mean(softplus(n - s), w) for s in p]), v)


def bce(p, n, v, w, o, r):
    return mean(-torch.log(torch.sigmoid(p)), v) + o.get("negativeWeight", 1) * mean(-torch.log(1 - torch.sigmoid(n)), w)


def gbce(p, n, v, w, o, r):
    """The positives' probability raised to β; α is the negatives' share of the catalogue."""
    if "beta" in o:
        beta = o["beta"]
    else:
        alpha, t = float(w.sum()) / (o["items"] - 1), o["calibration"]
        beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
    return mean(-torch.log(torch.sigmoid(p) ** beta), v) + o.get("negativeWeight", 1) * mean(-torch.log(1 - torch.sigmoid(n)), w)


def mse(p, n, v, w, o, r):
    return mean((1 - p) ** 2, v) + o.get("negativeWeight", 1) * mean(n**2, w)


def ccl(p, n, v, w, o, r):
    return mean(1 - p, v) + o.get("negativeWeight", 1) * mean(torch.clamp(n - o["margin"], min=0), w)


def psl(p, n, v, w, o, r):
    activation = {"tanh": lambda d: torch.tanh(d) + 1, "relu": lambda d: torch.clamp(d + 1, min=0), "atan": lambda d: torch.atan(d) + 1}
    tau, sigma = o["tau"], activation[o["activation"]]
    value = mean(torch.stack([torch.log(mean(sigma((n - s) / 2) ** (1 / tau), w)) for s in p]), v)
    return value + (o.get("negativeWeight", 1) - 1) * lee(n, tau, w) / tau


def slatk(p, n, v, w, o, r):
    """β is the K-th largest score among the user's positives and negatives, and is constant in the derivatives."""
    tau, weight = o["tau"], o.get("negativeWeight", 1)
    among = torch.cat([p, n[w > 0]]).detach().sort(descending=True).values
    beta = among[min(o["k"], len(among)) - 1]
    omega = torch.sigmoid((p - beta) / number(o["tauWeight"]))
    return mean(omega * (-p + weight * lee(n, tau, w) + tau * torch.log(w.sum())), v) / tau


def talos(p, n, v, w, o, r):
    """The user's state: threshold b, Adam's two moments, step of the last visit; since then the gradient of b was 0. b is constant in the derivatives."""
    threshold, mean_gradient, mean_square, step = r["userState"]
    b = torch.nn.Parameter(torch.tensor(float(threshold)))
    adam = torch.optim.Adam([b], lr=o["thresholdRate"])
    adam.state[b] = {"step": torch.tensor(float(step)), "exp_avg": torch.tensor(float(mean_gradient)), "exp_avg_sq": torch.tensor(float(mean_square))}
    for _ in range(int(r["global"][0] - step)):
        b.grad = torch.zeros_like(b)
        adam.step()
    a = lambda x: torch.log(torch.sigmoid(x - b.detach()))
    return -mean(a(p), v) / o["tau"] + o.get("negativeWeight", 1) * torch.log((w * torch.exp(a(n) / o["tau"])).sum())


def sogclr(p, n, v, w, o, r):
    """The user's state: log of the moving average, and 1 if there is one (else 0)."""
    tau, gamma = o["tau"], o["gamma"]
    present = mean(torch.exp(n / tau), w)
    log_average, visited = r["userState"]
    average = ((1 - gamma) * math.exp(log_average) + gamma * present if visited else present).detach()
    return -mean(p, v) / tau + o.get("negativeWeight", 1) * (torch.log(average) + present / average - 1)


def advinfonce(p, n, v, w, o, r):
    """δ_j = log( n · softmax_j(h) ); the state of an item is e^h − 1."""
    tau = o["tau"]
    hardness = torch.log(1 + r["itemStates"])
    delta = torch.log(w.sum() * torch.exp(hardness) / (w * torch.exp(hardness)).sum())
    return -mean(p, v) / tau + o.get("negativeWeight", 1) * torch.log(mean(torch.exp(delta + n / tau), w))


def llpauc(p, n, v, w, o, r):
    a, b, gamma, high, low = r["global"]
    f, g = torch.sigmoid(p / o["tau"]), torch.sigmoid(n / o["tau"])
    loss_positive, loss_negative = (f - a) ** 2 - 2 * (1 + gamma) * f, (g - b) ** 2 + 2 * (1 + gamma) * g
    positive = -high - mean(softplus(5 * (-loss_positive - high)) / 5, v) / o["alpha"]
    negative = low + mean(softplus(5 * (loss_negative - low)) / 5, w) / o["beta"]
    return positive + o.get("negativeWeight", 1) * negative - gamma**2


def standardized(x, w):
    centre = mean(x, w)
    return (x - centre) / torch.clamp(torch.sqrt(mean((x - centre) ** 2, w)), min=1e-3)


def dsl(p, n, v, w, o, r):
    """Both branches. The global state holds weight, mean and variance of the intensities of earlier steps, and their mean log factor."""
    tau, size = o["tau"], o.get("temperatureRange", 2)
    known, centre, variance, log_factor = r["global"] if o["competition"] != 0 else (0, 0, 0, 0)
    values = []
    for i in range(len(p)):
        omega = (o["hardness"] * standardized(n, w) + o["similarity"] * standardized(r["cosines"][i], w)).detach()
        weights = w.sum() * w * torch.exp(omega) / (w * torch.exp(omega)).sum()
        own = tau
        if o["competition"] != 0:
            candidates = torch.nonzero(w > 0).flatten()
            order = (n / tau + omega)[candidates].argsort(descending=True)
            slate = candidates[order[: o["slate"]]]
            intensity = float(torch.sigmoid((n[slate] - p[i]) / tau).mean())
            z = (intensity - centre) / max(math.sqrt(variance), 1e-3) if known else 0
            own = tau * min(max(math.exp(o["competition"] * z), 1 / size), size) / math.exp(log_factor)
        values.append(-p[i] + o.get("negativeWeight", 1) * lee(n, own, weights))
    return mean(torch.stack(values), v) / tau


# The cases: loss, options, score, weighted or not, states before the step.


def cases():
    yield sl, {"tau": 0.2}, "cosine", True, {}
    yield sl, {"tau": 0.1, "negativeWeight": 1.3}, "cosine", False, {}
    yield sl, {"tau": "inf"}, "cosine", True, {}
    yield sl, {"tau": 0.5}, "dot", True, {}
    yield bsl, {"tau": 0.2, "tau1": 0.7, "negativeWeight": 1.2}, "cosine", True, {}
    yield bsl, {"tau": 0.2, "tau1": "inf"}, "cosine", False, {}
    yield bsl, {"tau": 0.15, "negativeWeight": 1.1, "form": "multi"}, "cosine", True, {}
    yield bsl, {"tau": 0.15, "negativeWeight": 1.1, "form": "reweight"}, "cosine", True, {}
    excess = {"users": [0, 0, 0.25, 4, 2, -3, 0, 0, 1.5]}
    yield sl, {"tau": 0.2, "userTau": 1}, "cosine", True, excess
    yield sl, {"tau": 0.1, "userTau": 0.5, "negativeWeight": 1.2}, "cosine", False, excess
    yield bsl, {"tau": 0.2, "tau1": 0.7, "userTau": 1, "negativeWeight": 0.8}, "cosine", True, excess
    yield bpr, {}, "dot", True, {}
    yield bce, {"negativeWeight": 2}, "dot", True, {}
    yield gbce, {"calibration": 0.75, "items": 40}, "dot", True, {}
    yield gbce, {"beta": 0.4, "negativeWeight": 3}, "dot", False, {}
    yield mse, {"negativeWeight": 2}, "dot", True, {}
    yield ccl, {"margin": 0.2, "negativeWeight": 2}, "cosine", True, {}
    for activation in ("tanh", "relu", "atan"):
        yield psl, {"tau": 0.2, "activation": activation, "negativeWeight": 1.2}, "cosine", True, {}
    yield slatk, {"tau": 0.2, "k": 3, "tauWeight": 0.8, "negativeWeight": 1.2}, "cosine", False, {}
    yield slatk, {"tau": 0.3, "k": 20, "tauWeight": "inf"}, "cosine", False, {}
    yield talos, {"tau": 0.2, "k": 3, "thresholdRate": 0.001}, "cosine", True, {"global": [0]}
    thresholds = {"users": [0.25, 0.0625, 0.015625, 3, -0.5, -0.125, 0.25, 40, 0.75, 0.5, 0.125, 41], "global": [41]}
    yield talos, {"tau": 0.1, "k": 2, "thresholdRate": 0.0625, "items": 20, "negativeWeight": 1.2}, "cosine", True, thresholds
    yield talos, {"tau": 0.3, "k": 2, "thresholdRate": 0.001}, "cosine", False, thresholds
    yield sogclr, {"tau": 0.2, "gamma": 0.3}, "cosine", True, {}
    yield sogclr, {"tau": 0.2, "gamma": 0.3, "negativeWeight": 0.8}, "cosine", True, {"users": [1.5, 1, 0, 0, -0.75, 1]}
    yield advinfonce, {"tau": 0.2, "negativeWeight": 0.8}, "cosine", True, {"items": [0.5, 1, -0.5, 0, 3, -0.25, 0.125, 2, 0.75, -0.75, 0.25]}
    yield llpauc, {"alpha": 0.7, "beta": 0.1, "tau": 0.2}, "cosine", True, {"global": [1, 0, 0, 0.5, 0.5]}
    yield llpauc, {"alpha": 0.5, "beta": 0.25, "tau": 1, "negativeWeight": 1.2}, "dot", True, {"global": [0.75, 0.25, -0.5, 0.875, 1.25]}
    off = {"tau": 0.2, "hardness": 0, "similarity": 0, "competition": 0, "slate": 3, "temperatureRange": 2}
    earlier = {"global": [6, 0.375, 0.0625, 0.125]}
    yield dsl, {**off, "negativeWeight": 1.2}, "cosine", True, {}
    yield dsl, {**off, "hardness": 0.5}, "cosine", True, {}
    yield dsl, {**off, "similarity": -0.5, "negativeWeight": 1.2}, "cosine", True, {}
    yield dsl, {**off, "competition": 0.5}, "cosine", False, {"global": [0, 0, 0, 0]}
    yield dsl, {**off, "competition": 0.5}, "cosine", False, earlier
    yield dsl, {**off, "hardness": 0.25, "similarity": -0.5, "competition": 2, "negativeWeight": 0.8}, "cosine", False, earlier
    yield dsl, {**off, "tau": 0.5, "similarity": 0.5, "competition": -1}, "dot", False, earlier


def result(loss, options, score, weighted, states):
    users, items = USERS.clone().requires_grad_(), ITEMS.clone().requires_grad_()
    normalized = torch.nn.functional.normalize(items, dim=-1)
    total, rows = 0, []
    for row in ROWS:
        ready = torch.nn.functional.normalize(users, dim=-1), normalized
        user, table = (ready[0] if score == "cosine" else users)[row["user"]], ready[1] if score == "cosine" else items
        p, n = table[row["positives"]] @ user, table[POOL] @ user
        p.retain_grad()
        n.retain_grad()
        v = torch.tensor(row["positiveWeights"] if weighted else [1.0] * len(p))
        w = torch.tensor(POOL_WEIGHTS if weighted else [1.0] * len(POOL))
        w = w * torch.tensor([0.0 if item in row["positives"] else 1.0 for item in POOL])
        context = {"cosines": (normalized[row["positives"]] @ normalized[POOL].T).detach(), "global": states.get("global")}
        if "items" in states:
            context["itemStates"] = torch.tensor(states["items"])[POOL]
        size = {sogclr: 2, sl: 3, bsl: 3, talos: 4}.get(loss, 0)
        context["userState"] = states.get("users", [0] * 3 * size)[size * row["user"] : size * (row["user"] + 1)]
        value = loss(p, n, v, w, options, context)
        total = total + row["rowWeight"] * value
        rows.append((row["rowWeight"], value, p, n))
    total.backward()
    found = [{"value": value.item(), "positives": (p.grad / weight).tolist(), "negatives": (n.grad / weight).tolist()} for weight, value, p, n in rows]
    return {
        "loss": {"name": loss.__name__, "options": options}, "score": score, "weighted": weighted, "states": states,
        "rows": found, "users": users.grad.flatten().tolist(), "items": items.grad.flatten().tolist(),
    }  # fmt: skip


def rounded(x):
    if isinstance(x, dict):
        return {key: rounded(value) for key, value in x.items()}
    if isinstance(x, list):
        return [rounded(value) for value in x]
    return float(f"{x:.12g}") if isinstance(x, float) else x


def main():
    batch = {
        "dimension": DIMENSION, "users": USERS.flatten().tolist(), "items": ITEMS.flatten().tolist(),
        "pool": POOL, "poolWeights": POOL_WEIGHTS, "rows": ROWS,
    }  # fmt: skip
    lines = [json.dumps(rounded(result(*case))) for case in cases()]
    text = '{\n"torch": %s,\n"batch": %s,\n"cases": [\n%s\n]}\n' % (json.dumps(torch.__version__), json.dumps(batch), ",\n".join(lines))
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(text)


main()
