package kernelreport

import "bytes"

// endSoft takes the beginning of a broken line for a whole one.
func (e *engine) endSoft() {
	whole := append(e.soft, '=')
	e.soft, e.softLines = nil, 0
	e.whole(whole, e.softStart, e.softEnd)
}

// softBreak recognises a line that goes on after a mail's quoted-printable encoding broke it: 76 bytes at most, an
// equals sign at the end. A ruler of equals signs is none, and neither is an encoded end of a line.
func softBreak(raw []byte) bool {
	n := len(raw)
	if n > 0 && raw[n-1] == '\r' {
		n--
	}
	return n >= 68 && n <= 76 && raw[n-1] == '=' && raw[n-2] != '=' && !bytes.HasSuffix(raw[:n-1], []byte("=0A"))
}

// joinSoft puts the parts of such a line together; nil means that it goes on.
func (e *engine) joinSoft(raw []byte, start int) ([]byte, int) {
	more := softBreak(raw) && e.softLines < 8
	part := bytes.TrimSuffix(raw, []byte("\r"))
	if e.soft == nil {
		e.softStart, e.soft = start, []byte{}
	}
	if more {
		part = part[:len(part)-1]
	}
	e.soft = append(e.soft, part...)
	if more {
		e.softLines++
		return nil, 0
	}
	whole := bytes.ReplaceAll(bytes.ReplaceAll(e.soft, []byte("=3D"), []byte("=")), []byte("=20"), []byte(" "))
	e.soft, e.softLines = nil, 0
	if whole == nil {
		whole = []byte{}
	}
	return whole, e.softStart
}
