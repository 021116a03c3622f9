"""The table at the end."""


def print_table(check):
    print("\n" + "=" * 110)
    for part, what, status, detail in check.rows:
        print(f"{part:<10} {what:<44} {status:<8} {detail}")
    variants = sorted({variant for variant, _, _ in check.peer_speeds})
    size = check.options.patch
    if check.speeds:
        print(f"\n{f'patches/s, {size}x{size}':<28} {'limpid':>10}" + "".join(f" {'PyTorch ' + v:>24} {'ratio':>6}" for v in variants))
        for (network, mode, batch), speed in check.speeds.items():
            line = f"{network + ' ' + mode + ' batch ' + str(batch):<28} {speed:>10.2f}"
            for variant in variants:
                peer = check.peer_speeds.get((variant, mode, batch)) if network == "classic" else None
                line += f" {peer:>24.2f} {speed / peer:>6.2f}" if peer else f" {'-':>24} {'-':>6}"
            print(line)
    failed = sum(row[2] == "FAILED" for row in check.rows)
    skipped = sum(row[2] == "SKIPPED" for row in check.rows)
    print(f"\n{len(check.rows)} rows: {failed} failed, {skipped} skipped; "
          f"{60 * check.options.minutes - check.seconds_left():.0f} s", flush=True)
    return 1 if failed else 0
