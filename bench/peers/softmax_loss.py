"""The work of taurec's pair batches in plain PyTorch: matrix factorisation, cosine scores, softmax loss (SL), uniform negatives for each pair, dense Adam.

    python3 softmax_loss.py step --variant rows     ms per step; one JSON line
    python3 softmax_loss.py epochs --data FOLDER    training with NDCG@20 after each epoch; one JSON line per epoch

Variants: `rows` gathers embeddings and normalises the gathered rows [B, n, d], `tables` normalises both whole tables, then gathers.
Needs only PyTorch (Debian: apt install python3-torch). Written to be as fast on a CPU as PyTorch allows: lookups through
F.embedding (its backward is faster than that of indexing), scores as one batched product, negatives drawn without excluding positives.
"""
import argparse
import gzip
import json
import math
import statistics
import time

import torch
import torch.nn.functional as F


def scores(variant, user_table, item_table, users, positives, negatives):
    """Cosines of each user with its positive [B] and with its negatives [B, n]."""
    if variant == "tables":
        user_table, item_table = F.normalize(user_table, dim=-1), F.normalize(item_table, dim=-1)
    user, positive, negative = F.embedding(users, user_table), F.embedding(positives, item_table), F.embedding(negatives, item_table)
    if variant == "rows":
        user, positive, negative = F.normalize(user, dim=-1), F.normalize(positive, dim=-1), F.normalize(negative, dim=-1)
    return (user * positive).sum(-1), torch.bmm(negative, user.unsqueeze(-1)).squeeze(-1)


def softmax_loss(positive, negative, tau):
    """Mean over pairs of (−s_ui + τ log E_j exp(s_uj / τ)) / τ."""
    return (torch.logsumexp(negative / tau, dim=-1) - math.log(negative.shape[1]) - positive / tau).mean()


class Model:
    def __init__(self, users, items, options):
        self.options, self.items = options, items
        self.user_table = torch.empty(users, options.dimension).normal_(0, 0.1).requires_grad_()
        self.item_table = torch.empty(items, options.dimension).normal_(0, 0.1).requires_grad_()
        self.adam = torch.optim.Adam([self.user_table, self.item_table], lr=options.learning_rate)

    def sample(self, pairs):
        return torch.randint(self.items, (pairs, self.options.negatives))

    def step(self, users, positives, negatives):
        self.adam.zero_grad()
        found = scores(self.options.variant, self.user_table, self.item_table, users, positives, negatives)
        loss = softmax_loss(*found, self.options.tau)
        loss.backward()
        self.adam.step()
        return float(loss.detach())


def run_step(options):
    """Times single steps on random pairs over tables of the given size."""
    model = Model(options.users, options.items, options)
    sampling, stepping = [], []
    for step in range(options.warmup + options.steps):
        # outside the timing: a training reads its pairs from the data
        users, positives = torch.randint(options.users, (options.batch,)), torch.randint(options.items, (options.batch,))
        begin = time.perf_counter()
        negatives = model.sample(options.batch)
        sampled = time.perf_counter()
        model.step(users, positives, negatives)
        end = time.perf_counter()
        if step >= options.warmup:
            sampling.append((sampled - begin) * 1e3)
            stepping.append((end - sampled) * 1e3)
    both = [a + b for a, b in zip(sampling, stepping)]
    emit(
        program="pytorch",
        version=torch.__version__,
        variant=options.variant,
        threads=torch.get_num_threads(),
        steps=options.steps,
        msMedian=statistics.median(stepping),
        msMin=min(stepping),
        msWithSamplingMedian=statistics.median(both),
        msWithSamplingMin=min(both),
    )


def read_pairs(path):
    with gzip.open(path, "rt") as lines:
        next(lines)
        return torch.tensor([[int(field) for field in line.split("\t")] for line in lines])


def ndcg(model, known, test, k=20):
    """NDCG@k, protocol `clean`: ranks all items, masks the user's training and validation items, skips users without test items."""
    with torch.no_grad():
        queries, items = F.normalize(model.user_table, dim=-1), F.normalize(model.item_table, dim=-1)
        discounts = 1 / torch.log2(torch.arange(2, k + 2, dtype=torch.float64))
        total, count = 0.0, 0
        for users in torch.tensor(sorted(test)).split(512):
            found = queries[users] @ items.T
            for row, user in enumerate(users.tolist()):
                found[row, known[user]] = -math.inf
            for row, top in zip(users.tolist(), found.topk(k).indices.tolist()):
                relevant = test[row]
                gain = sum(discounts[rank] for rank, item in enumerate(top) if item in relevant)
                total += float(gain / discounts[: len(relevant)].sum())
                count += 1
    return total / count


def run_epochs(options):
    """Trains on a random 90% of the training pairs; the seconds count only training, not evaluation."""
    train, test_pairs = read_pairs(f"{options.data}/train.tsv.gz"), read_pairs(f"{options.data}/test.tsv.gz")
    users, items = (int(size) + 1 for size in torch.cat([train, test_pairs]).max(0).values)
    known = [[] for _ in range(users)]
    for user, item in train.tolist():
        known[user].append(item)
    test = {}
    for user, item in test_pairs.tolist():
        test.setdefault(user, set()).add(item)

    kept = train[torch.randperm(len(train))[: round(len(train) * 0.9)]]
    model = Model(users, items, options)
    seconds = 0.0
    for epoch in range(1, options.epochs + 1):
        begin, losses = time.perf_counter(), []
        for batch in kept[torch.randperm(len(kept))].split(options.batch):
            losses.append(model.step(batch[:, 0], batch[:, 1], model.sample(len(batch))))
            # an epoch takes minutes: the limit also stops within one
            if seconds + time.perf_counter() - begin > options.seconds:
                break
        seconds += time.perf_counter() - begin
        emit(
            program="pytorch",
            variant=options.variant,
            epoch=epoch - 1 + len(losses) / math.ceil(len(kept) / options.batch),
            seconds=seconds,
            loss=statistics.fmean(losses),
            ndcg20=ndcg(model, known, test),
        )
        if seconds > options.seconds:
            break


def emit(**facts):
    print(json.dumps(facts), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    step = verbs.add_parser("step", help="ms per step")
    step.add_argument("--users", type=int, default=29858)
    step.add_argument("--items", type=int, default=40988)
    step.add_argument("--steps", type=int, default=5)
    step.add_argument("--warmup", type=int, default=2)
    epochs = verbs.add_parser("epochs", help="NDCG@20 after each epoch")
    epochs.add_argument("--data", required=True, help="folder with train.tsv.gz and test.tsv.gz")
    epochs.add_argument("--epochs", type=int, default=200)
    epochs.add_argument("--seconds", type=float, default=math.inf, help="training time after which to stop")
    for verb, tau in (step, 0.1), (epochs, 0.2):
        verb.add_argument("--variant", choices=["rows", "tables"], default="rows")
        verb.add_argument("--batch", type=int, default=1024)
        verb.add_argument("--negatives", type=int, default=800)
        verb.add_argument("--dimension", type=int, default=64)
        verb.add_argument("--tau", type=float, default=tau)
        verb.add_argument("--learning-rate", type=float, default=1e-3)
        verb.add_argument("--threads", type=int, default=2)
        verb.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    {"step": run_step, "epochs": run_epochs}[options.verb](options)


if __name__ == "__main__":
    main()
