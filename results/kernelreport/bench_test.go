package kernelreport

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"

	"loopfault/results/kernelreport/benchlog"
)

func BenchmarkQuiet(b *testing.B) {
	text := benchlog.Quiet(20 << 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if n := len(Parse(text)); n != 0 {
			b.Fatal(n)
		}
	}
}

func BenchmarkReports(b *testing.B) {
	text := benchlog.WithReports(20<<20, 30)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if n := len(Parse(text)); n != 30 {
			b.Fatal(n)
		}
	}
}

// BenchmarkDense is a log of nothing but reports: the corpus over and over.
func BenchmarkDense(b *testing.B) {
	var text []byte
	for _, g := range goldenFiles(b) {
		text = append(text, g.log...)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Parse(text)
	}
}

func BenchmarkScannerQuiet(b *testing.B) {
	text := benchlog.Quiet(20 << 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s := NewScanner(bytes.NewReader(text))
		for s.Scan() {
			b.Fatal("a report in a quiet log")
		}
	}
}

// BenchmarkDouble reports how much longer twice the log with twice the reports takes.
func BenchmarkDouble(b *testing.B) {
	one, two := benchlog.WithReports(20<<20, 30), benchlog.WithReports(40<<20, 60)
	// Each pair runs back to back and the median pair counts: other work on the machine hits single runs.
	var ratios []float64
	for b.Loop() {
		start := time.Now()
		Parse(one)
		t1 := time.Since(start)
		start = time.Now()
		Parse(two)
		ratios = append(ratios, float64(time.Since(start))/float64(t1))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
}

// BenchmarkFile parses the file named by KERNELREPORT_BENCH_FILE, for a real log.
func BenchmarkFile(b *testing.B) {
	path := os.Getenv("KERNELREPORT_BENCH_FILE")
	if path == "" {
		b.Skip("KERNELREPORT_BENCH_FILE names no log")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Parse(text)
	}
}
