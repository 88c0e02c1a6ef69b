package main

import "loopfault/harness/grammar"

// notes are what help and manual say of commands beside their flags and arguments.
var notes = grammar.Notes{Examples: examples, JSON: jsonHelp}

// examples are shown by --help and in the man page, by command. Each is a command line and what it is for.
var examples = map[string][][2]string{
	"doctor":       {{"loopfault doctor", "what this host can run"}},
	"prepare":      {{"loopfault prepare", "all that runs on the stock kernel need"}, {"loopfault prepare stock@7.3 control-lost-wakeup@7.3", "before a campaign on Linux 7.3"}},
	"kernel build": {{"loopfault kernel build stock", "a kernel of the catalogue"}, {"loopfault kernel build mine --source ~/linux --patch fix.patch", "one of your own"}},
	"kernel list":  {{"loopfault kernel list", "kernels that are built, and those that can be"}},
	"kernel fetch": {{"loopfault kernel fetch 6.12 7.3", "sources of two kernel series"}},
	"kernel add": {
		{"loopfault kernel add debian:linux-image-6.1-amd64", "a kernel as Debian ships it"},
		{"loopfault kernel add ./unpacked", "one of another distribution, whose packages were unpacked there (rpm2cpio, dpkg-deb -x)"},
	},
	"kernel remove":  {{"loopfault kernel remove 'bisect-*'", "kernels that bisections built"}},
	"kernel config":  {{"loopfault kernel config stock", "its .config"}},
	"kernel calls":   {{"loopfault kernel calls stock pnfs_send_layoutreturn", "what can be failed in it"}},
	"image build":    {{"loopfault image build", "the guests' userland, once"}},
	"image list":     {{"loopfault image list", "root images"}},
	"scenario list":  {{"loopfault scenario list", "the catalogue"}},
	"scenario show":  {{"loopfault scenario show pnfs-layoutreturn-enomem", "one of it"}},
	"scenario check": {{"loopfault scenario check mine.yaml", "a file of your own"}},
	"run":            {{"loopfault run pnfs-layoutreturn-enomem --trials 10", "ten trials on the stock kernel"}, {"loopfault run pnfs-layoutreturn-enomem --kernel mine --until hang --for 30m", "until one hangs"}, {"loopfault run --bundle campaign.tar.zst --shard 2/8", "the second of eight parts of a campaign, on a host that has only QEMU"}},
	"compare":        {{"loopfault compare pnfs-layoutreturn-enomem --arm base=stock --arm mine=mine --control c=control-lost-wakeup --trials 40", "does mine hang less often?"}},
	"try":            {{"loopfault try --patch fix.patch pnfs-layoutreturn-enomem", "base against patched"}},
	"bisect":         {{"loopfault bisect --good v6.11 --bad v6.12 --source ~/linux pnfs-layoutreturn-enomem", "the commit that made it hang"}},
	"resume":         {{"loopfault resume latest", "finish what was interrupted"}, {"loopfault resume hunt-20260102-030405.json", "a hunt that was begun with --engine"}},
	"replay":         {{"loopfault replay latest/3", "one trial again"}},
	"reproduce":      {{"loopfault reproduce report.txt --kernel mine --for 30m", "look for the hang in a bug report"}},
	"explore":        {{"loopfault explore mine.yaml --trials 50", "orders of events, until one hangs"}},
	"hunt":           {{"loopfault hunt --kernel mine --for 1h", "does anything hang on this kernel?"}, {"loopfault hunt --kernel mine --for 1h --seed 7", "the same hunt again, or the rest of one that was interrupted"}, {"loopfault hunt --kernel mine --for 1h --engine slurm --slots 50", "its first turns on 50 nodes at the same time"}},
	"report":         {{"loopfault report latest", "the numbers, computed anew"}, {"loopfault report latest --format html -o page.html", "as a page"}, {"loopfault report latest --format mail", "as a body for a mailing list"}},
	"coverage": {
		{"loopfault coverage latest", "what ran in the newest run, on a kernel of the flavour gcov"}, {"loopfault coverage --results nights", "in all runs there, by scenario and by file"},
		{"loopfault coverage --file 'fs/nfs/pnfs*.c'", "what was not reached in some files"}, {"loopfault coverage new --against old", "what two runs do not have in common"},
	},
	"shell":   {{"loopfault shell", "a guest with the mount up"}, {"loopfault shell --trial latest/3 --at-hang", "in the guest that hangs"}},
	"parse":   {{"loopfault parse dmesg.txt", "hang reports in a log"}, {"dmesg | loopfault parse --json", "the same for programs"}},
	"match":   {{"loopfault match report.txt", "which stored hangs are like it"}},
	"matrix":  {{"loopfault matrix --group auto --variant quick", "many scenarios, one table"}},
	"nightly": {{"loopfault nightly suite.yaml", "a suite, compared with the nights before"}, {"loopfault nightly suite.yaml --engine slurm --slots 50", "its cells on 50 nodes at the same time"}},
	"explain": {
		{"loopfault explain latest/3", "who waits for whom"}, {"loopfault explain latest/3 --svg graph.svg", "drawn"},
		{"loopfault explain hang.tar.zst", "of a machine elsewhere, from what collect took there"}, {"loopfault explain dmesg.txt rpc-tasks.txt", "or from other texts"},
		{"loopfault explain vmcore --vmlinux vmlinux", "from a memory dump, with drgn"},
	},
	"collect": {{"loopfault collect", "as root, on the machine that hangs"}, {"loopfault collect -o - | ssh here 'cat > hang.tar.zst'", "without writing to its disks"}},
	"bundle": {
		{"loopfault bundle latest/3 -o hang.tar.zst", "a reproducer to attach to a report"},
		{"loopfault bundle open-evict --arm stock=stock --arm mine=mine --trials 400 --seed 7 -o campaign.tar.zst", "a campaign for many hosts"},
	},
	"fleet submit": {
		{"loopfault fleet submit campaign.tar.zst --shards 8", "here, one after the other"},
		{"loopfault fleet submit open-evict --arm stock=stock --arm mine=mine --trials 400 --shards 8", "the same, of a scenario"},
		{"loopfault fleet submit campaign.tar.zst --shards 200 --engine slurm --sbatch=--partition=lab", "by Slurm, and merged when all are through"},
	},
	"fleet status": {{"loopfault fleet status campaign.fleet", "how far the shards are"}, {"loopfault fleet status campaign.fleet --wait", "until all are through"}},
	"fleet cancel": {{"loopfault fleet cancel campaign.fleet", "stops them all"}},
	"fleet shard":  {{"loopfault fleet shard campaign.fleet 3", "the third, as an engine of your own would start it"}},
	"merge":        {{"loopfault merge node1 node2 node3.tar.zst -o merged", "shards of three machines"}},
	"list":         {{"loopfault list", "all runs"}, {"loopfault list --scenario lease --last 5 --json", "the newest of some, for programs"}},
	"serve":        {{"loopfault serve", "pages of all runs, on 127.0.0.1"}, {"loopfault serve --port 0", "on any free port, which is printed"}},
	"man":          {{"loopfault man > loopfault.1", "the manual, for man(1)"}},
	"completion":   {{"loopfault completion bash > /etc/bash_completion.d/loopfault", "for all users of bash"}, {"loopfault completion fish | source", "for this fish"}},
	"version":      {{"loopfault version", "versions of loopfault, Go and QEMU"}},
}
