package workloads

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A block is a self-describing page: its file, its index, its generation, and a
// checksum over all of it. Client and server write and read whole pages, so a
// reader must never see half a block.
const blockMagic = 0x6c6f6f7066617531

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// blockID names the contents of a block.
type blockID struct {
	file, block, generation uint64
}

// fill writes the block of an id into page.
func (id blockID) fill(page []byte) {
	le := binary.LittleEndian
	le.PutUint64(page, blockMagic)
	le.PutUint64(page[8:], id.file)
	le.PutUint64(page[16:], id.block)
	le.PutUint64(page[24:], id.generation)
	// A distinct pattern for each block, so that swapped pages are detected.
	x := id.file*0x9e3779b97f4a7c15 ^ id.block<<32 ^ id.generation
	for i := 40; i+8 <= len(page); i += 8 {
		x = x*6364136223846793005 + 1442695040888963407
		le.PutUint64(page[i:], x)
	}
	le.PutUint64(page[32:], 0)
	le.PutUint64(page[32:], uint64(crc32.Checksum(page, castagnoli)))
}

// readBlock says what a page holds. A page of zeros is generation 0 of any block,
// which was never written. The error says what is wrong with any other page.
func readBlock(page []byte) (blockID, error) {
	le := binary.LittleEndian
	if le.Uint64(page) != blockMagic {
		for i, b := range page {
			if b != 0 {
				return blockID{}, fmt.Errorf("byte %d is %#x in what is no block", i, b)
			}
		}
		return blockID{}, nil
	}
	id := blockID{le.Uint64(page[8:]), le.Uint64(page[16:]), le.Uint64(page[24:])}
	want := make([]byte, len(page))
	id.fill(want)
	for i := range page {
		if page[i] != want[i] {
			return id, fmt.Errorf("byte %d of block %d, generation %d, is %#x instead of %#x", i, id.block, id.generation, page[i], want[i])
		}
	}
	return id, nil
}
