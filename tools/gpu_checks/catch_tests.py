"""The tests that use a GPU, of programs of Catch2."""
import os
import re
import xml.etree.ElementTree as xml

from gpu_checks.check import explain, last_line, program

TEST_PROGRAMS = ("test_backend", "test_cuda_library", "test_nn", "test_infer", "test_train")


def test_names(check, name):
    _, output = check.run(f"{name}.log", [program(name), "--list-test-names-only"], 60)
    return [line.strip() for line in output.splitlines() if line.strip()]


def test_filter(names):
    # Catch2's --input-file does not take names with commas.
    return ",".join(re.sub(r'([\\,\["])', r"\\\1", test) for test in names)


def run_tests(check, name, names, limit_s):
    """Runs tests of one program; returns {test: (status, detail)} for those that ended."""
    results = {}
    status, output = check.run(f"{name}.xml.log", [program(name), test_filter(names), "--reporter", "xml"], limit_s)
    parser = xml.XMLPullParser(("end",))
    try:
        parser.feed(output[output.index("<?xml"):])
        for _, element in parser.read_events():
            record_test(element, results)
    except (ValueError, xml.ParseError):
        pass  # the program ended early: what it reported before counts
    return results, status


def failure_text(test):
    """What failed first, where, with the exception and what the test said about it before."""
    said = ""
    for element in test.iter():
        if element.tag == "Info":
            said = element.text or ""
        elif element.tag == "Exception":
            return f"{element.text or ''} {said}"
        elif element.tag == "Expression" and element.get("success") == "false":
            place = f"{os.path.basename(element.get('filename', ''))}:{element.get('line')}"
            return f"{element.findtext('Expanded', '')} {element.findtext('Exception', '')} ({place}) {said}"
    return ""


def record_test(element, results):
    if element.tag != "TestCase" or element.find("OverallResult") is None:
        return
    warnings = " ".join(w.text or "" for w in element.iter("Warning"))
    passed = element.find("OverallResult").get("success") == "true"
    if not passed:
        results[element.get("name")] = ("FAILED", " ".join(failure_text(element).split()))
    elif "SKIPPED:" in warnings:
        results[element.get("name")] = ("SKIPPED", warnings.split("SKIPPED:")[1].strip())
    else:
        results[element.get("name")] = ("ok", "")


def check_tests(check):
    for name in TEST_PROGRAMS:
        names = [n for n in test_names(check, name) if check.options.all_tests or "Cuda" in n]
        if not names:
            check.add("tests", name, "FAILED", "lists no tests")
            continue
        results, status = run_tests(check, name, names, 120)
        # One GPU error makes all that follows in its process fail, and a crash hides what would have followed: tests
        # that did not pass run again alone, to show which of them are at fault.
        for test in names:
            first = results.get(test, ("FAILED", "crash or time limit"))
            if first[0] == "FAILED" and check.seconds_left() > 200:
                alone, alone_status = run_tests(check, name, [test], 60)
                end = "time limit" if alone_status is None else f"ends with status {alone_status}"
                again = alone.get(test, ("FAILED", end))
                results[test] = again if again[0] == "FAILED" else ("FAILED", f"passes alone; after others: {first[1]}")
        counts = {s: sum(r[0] == s for r in results.values()) for s in ("ok", "FAILED", "SKIPPED")}
        counts["FAILED"] += len(names) - len(results)
        detail = f"{counts['ok']} passed, {counts['FAILED']} failed, {counts['SKIPPED']} skipped"
        reasons = sorted({d for s, d in results.values() if s == "SKIPPED"})
        whole = "FAILED" if counts["FAILED"] else ("ok" if counts["ok"] else "SKIPPED")
        check.add("tests", name, whole, "; ".join([detail] + reasons))
        for test in names:
            result, detail = results.get(test, ("FAILED", "did not end"))
            if result == "FAILED":
                check.add("tests", f"  {test}", result, detail)


def check_plans(check):
    """Each of cuDNN's plans, not only the fastest, rounds once. Most of the time goes into making them."""
    what = "results of each plan of cuDNN"
    status, output = check.run("plans.log", [program("test_backend"), "[.plans]"], 300)
    if status == 0 and "SKIPPED:" in output:
        check.add("plans", what, "SKIPPED", output.split("SKIPPED:")[1].splitlines()[0].strip())
    else:
        check.add("plans", what, "ok" if status == 0 else "FAILED",
                  last_line(output) if status == 0 else explain(status, output))
