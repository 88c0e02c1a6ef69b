package index_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/results/index"
	"loopfault/results/index/indexbench"
)

func BenchmarkMillionTrials(b *testing.B) {
	ix, err := index.Open(b.Context(), b.TempDir())
	require.NoError(b, err)
	defer ix.Close()
	require.NoError(b, indexbench.Fill(b.Context(), ix, indexbench.Million))
	for _, q := range indexbench.Queries() {
		b.Run(q.Name, func(b *testing.B) {
			for b.Loop() {
				n, err := q.Ask(b.Context(), ix)
				require.NoError(b, err)
				require.NotZero(b, n)
			}
		})
	}
}
