package main

// jsonHelp says what --json prints, by command, for those that print more than one table. Help and manual show it.
// Times end in Z; what is a number of seconds says so in its name, or here.
var jsonHelp = map[string]string{
	"run":          "With --json: run, dir, seed, complete, and all that summary.json has. Rates are 0 to 1. With --dry-run: scenario, seed, jobs, guest_mib, trials (n, arm, seed), and arms, each with the script that boots its guest. With --bundle of a trial also trial (name, verdict, title, signature) and reproduced (the trial in which the same came of it; null if none).",
	"compare":      "With --json: as run.",
	"explore":      "With --json: what run prints, and hung (trial, seed, schedule, title, signature; null if none did), tried (smaller schedules: schedule, hangs, run), smallest, and command, which runs it.",
	"hunt":         "With --json: kernel, seed, engine and record (with --engine), turns (scenario, run, trials, verdicts, near: how near to a hang, 0 to 1, seconds), left (scenarios that this kernel cannot run, why), lost (first turns that no host of the engine ended, why), counted, stalls, hung (kind, title, signature, explanation, scenario, dir, trial_seed, seconds, again, tried: smaller scenarios, smallest, command; null if nothing did), also (what hung in later turns at the same time), and below, the rate at 95 % (0 to 1) if nothing hung. With --dry-run: turns without results.",
	"reproduce":    "With --json: title and signature of the hang that fits best, wanted (all), scenarios (likeliest first: score 0 to 1, shared, agrees, differs, signature), reproduced (scenario, dir, trial_seed, match, hits of trials, median_seconds of load; null if it was not), counted, others, and below, the rate at 95 % (0 to 1) if it was not.",
	"try":          "With --json: seed, base and patched (name, source, version, patches), scenarios (run, dir, no_control, and all that summary.json has), and mail, the text. Rates are 0 to 1.",
	"bisect":       "With --json: record (what --resume takes), request, bad_end, good_end and steps (commit, verdict, trials, hangs, wrong: the chance of being wrong, 0 to 1, left: commits, seconds), and found (culprit, among, problem, confidence 0 to 1). With --dry-run: commits and steps.",
	"nightly":      "With --json: record, judged, engine (none if it runs its cells itself), kernels, cells (state, row as in matrix, seconds that it took), findings (what, cell, text, run), worked (seconds), ended. With --dry-run: cells.",
	"matrix":       "With --json: the record: request and cells (state, why, row with trials, exercised, landed, verdicts, guest_seconds of load in a trial).",
	"explain":      "With --json: class, sentence, details, and the graph with what each edge rests on; of texts also gaps (text, unknown, command, decides): what could not be known, and what takes it.",
	"collect":      "With --json: file, and what collect.json in it says: kernel, apart_seconds, texts (name, seconds, bytes, cut), problems, left_behind (pid, path).",
	"parse":        "With --json: reports, each with kind, title, signature, tasks and frames; start and end are bytes in the input.",
	"match":        "With --json: hangs of the report (title, signature, matches, each with score 0 to 1, and runs: trials that hung so, and elsewhere), compared (stored hangs) and runs.",
	"bundle":       "With --json: file, bytes, and all that bundle.json has: format, loopfault, scenario_name, arms (name, kernel, dir), seed, trials, trial (that it repeats), files (name, bytes, sha256).",
	"fleet submit": "With --json: dir, engine, scenario, seed, shards (shard, cell: of a nightly or a hunt, state, trials, planned, found: hangs and crashes but those of controls, node, why), how many of them are queued, running, done, stopped and unknown, trials of planned, left_seconds (null if nothing can be said), reached, canceled, begin_before (of a nightly or a hunt: when its last cell may begin), run (directory of the merged run; none if there is none yet).",
	"fleet status": "With --json: as fleet submit.",
	"fleet cancel": "With --json: as fleet submit.",
	"merge":        "With --json: as run, and merged: of (shards of the campaign), shards (shard, run, planned, trials, twice, ended), hosts (name, qemu, accel, trials). Comparisons have stratified (strata, p_value, odds_ratio). Of a matrix: as matrix.",
	"coverage":     "With --json: kernel, kernel_key, trials, uncounted, total (functions, lines, branches: ran, of all; of branches each way), scenarios (adds: beyond those before it; alone: what no other reaches), files (never_called, not_run: first and last line, not_taken: lines that ran with a way of a branch that was not taken), and with --against also against (total, gained and lost: functions, lines, branches).",
	"report":       "With --json: as summary.json.",
}
