package guest

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// flat is a flattened file of pieces.
func flat(pieces map[int64]string) *bytes.Buffer {
	var b bytes.Buffer
	b.WriteString(flatMagic)
	b.Write(make([]byte, flatPreamble-len(flatMagic)))
	for at, text := range pieces {
		_ = binary.Write(&b, binary.BigEndian, []int64{at, int64(len(text))})
		b.WriteString(text)
	}
	_ = binary.Write(&b, binary.BigEndian, []int64{-1, -1})
	return &b
}

func TestUnflatten(t *testing.T) {
	file := func() *os.File {
		f, err := os.CreateTemp(t.TempDir(), "")
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	good := file()
	require.NoError(t, unflatten(flat(map[int64]string{0: "head", 10: "tail"}), good, 14))
	text, err := io.ReadAll(good)
	require.NoError(t, err)
	assert.Equal(t, "head\x00\x00\x00\x00\x00\x00tail", string(text))

	whole := flat(map[int64]string{0: "head"}).Bytes()
	for name, c := range map[string]struct {
		from []byte
		says string
	}{
		"too large":      {flat(map[int64]string{10: "tail."}).Bytes(), "larger than"},
		"far away":       {flat(map[int64]string{1 << 62: "x"}).Bytes(), "larger than"},
		"before it":      {flat(map[int64]string{-2: "x"}).Bytes(), "larger than"},
		"other format":   {make([]byte, flatPreamble+16), "not in flattened format"},
		"nothing":        {nil, "EOF"},
		"cut in a piece": {whole[:flatPreamble+18], "EOF"},
		"without an end": {whole[:len(whole)-16], "EOF"},
	} {
		f := file()
		assert.ErrorContains(t, unflatten(bytes.NewReader(c.from), f, 14), c.says, name)
		info, err := f.Stat()
		require.NoError(t, err)
		assert.LessOrEqual(t, info.Size(), int64(14), name)
	}
}

func TestVmcoreinfoOfWhatIsNoDump(t *testing.T) {
	huge := append([]byte(kdumpMagic), make([]byte, 8<<10)...)
	binary.LittleEndian.PutUint32(huge[kdumpBlockSize:], 4096)
	binary.LittleEndian.PutUint64(huge[4096+kdumpVmcoreinfo+8:], 1<<40)
	for name, text := range map[string][]byte{"empty": nil, "other": make([]byte, 8<<10), "cut": huge[:4100], "huge": huge} {
		_, err := Vmcoreinfo(bytes.NewReader(text))
		assert.ErrorContains(t, err, "not a kdump", name)
	}
}
