package main

import (
	"fmt"
	"time"

	"loopfault/results/kernelreport"
	"loopfault/results/kernelreport/benchlog"
	"loopfault/results/stats"
)

// The logs of the parse figures: the size of the smaller ones in bytes, and the reports in it.
const (
	benchLog     = 20 << 20
	benchReports = 30
)

// parseFigures measures how fast reports are read out of logs, on one processor: n times each, the median counts. Logs of
// one and of double size are read in turns, so that other work on the machine hits both.
func (b *bench) parseFigures(n int) ([]figure, error) {
	quiet, one, two := benchlog.Quiet(benchLog), benchlog.WithReports(benchLog, benchReports), benchlog.WithReports(2*benchLog, 2*benchReports)
	var inQuiet, inReports, ratios []float64
	err := b.measured("readings of logs", n, func() error {
		q, err := parseTime(quiet, 0)
		if err != nil {
			return err
		}
		r, err := parseTime(one, benchReports)
		if err != nil {
			return err
		}
		double, err := parseTime(two, 2*benchReports)
		inQuiet = append(inQuiet, megabytes(quiet)/q.Seconds())
		inReports = append(inReports, megabytes(one)/r.Seconds())
		ratios = append(ratios, double.Seconds()/r.Seconds())
		return err
	})
	if err != nil {
		return nil, err
	}
	return []figure{
		{"parse_quiet_mb_s", "log without reports, MB/s", stats.Median(inQuiet)},
		{"parse_reports_mb_s", fmt.Sprintf("log of %d MiB with %d reports, MB/s", benchLog>>20, benchReports), stats.Median(inReports)},
		{"parse_double_ratio", "twice the log with twice the reports, times as long", stats.Median(ratios)},
	}, nil
}

// parseTime is how long reading a log takes; a parser that misses reports is not fast.
func parseTime(log []byte, reports int) (time.Duration, error) {
	began := time.Now()
	n := len(kernelreport.Parse(log))
	took := time.Since(began)
	if n != reports {
		return 0, fmt.Errorf("found %d reports in a log with %d", n, reports)
	}
	return took, nil
}

func megabytes(log []byte) float64 { return float64(len(log)) / 1e6 }
