package kernelreport

import "bytes"

const (
	maxText   = 64 << 10 // bytes of a line that are looked at if it may stand for several
	minBroken = 4        // written ends of lines that make a line several
)

var brokenHere = []byte(`\n`)

// severalLines divides a line that stands for several: a record or a web page held their ends, or they were written as
// "\n". It is nil if the line is one.
func severalLines(raw []byte) [][]byte {
	if bytes.IndexByte(raw, '\n') >= 0 {
		return bytes.Split(raw, []byte("\n"))
	}
	if len(raw) < minJoined || !bytes.Contains(raw, []byte("Call ")) || bytes.Count(raw, brokenHere) < minBroken {
		return nil
	}
	raw = bytes.ReplaceAll(raw, []byte(`\t`), []byte("\t"))
	return bytes.Split(bytes.ReplaceAll(raw, []byte(`\r`), nil), brokenHere)
}
