package collect

import (
	"archive/tar"
	"encoding/json"
	"io"
	"path"

	"github.com/klauspost/compress/zstd"

	"loopfault/results/evidence"
)

// folder is where everything in an archive lies.
const folder = "loopfault-collect"

// Write writes the archive, a tar compressed by zstd.
func (t *Taken) Write(to io.Writer) error {
	packed, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	w := tar.NewWriter(packed)
	about, err := json.MarshalIndent(t.About, "", "  ")
	if err != nil {
		return err
	}
	files := append([]named{{evidence.CollectionFile, append(about, '\n')}}, t.texts...)
	for _, f := range files {
		name := path.Join(folder, f.name)
		if f.name != evidence.CollectionFile && f.name != evidence.KernelLog {
			name = path.Join(folder, evidence.Dir, f.name)
		}
		h := tar.Header{Name: name, Mode: 0o600, Size: int64(len(f.text)), ModTime: t.About.Began, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		if _, err := w.Write(f.text); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return packed.Close()
}
