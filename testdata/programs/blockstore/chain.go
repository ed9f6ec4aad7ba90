package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"goheap/testdata/programs/blockstore/codec"
)

// chain makes up the blocks that a network would deliver.
type chain struct {
	random *rand.Rand
	height uint64
	last   Hash
	buffer codec.Encoder
}

func newChain() *chain { return &chain{random: rand.New(rand.NewPCG(1, 2))} }

func (c *chain) account() string { return fmt.Sprintf("account-%06d", c.random.IntN(200_000)) }

// next returns the next block's message, which is valid until the next call.
func (c *chain) next() []byte {
	c.height++
	b := Block{
		Height:   c.height,
		Hash:     sha256.Sum256(binary.BigEndian.AppendUint64(c.last[:], c.height)),
		Parent:   c.last,
		Proposer: fmt.Sprintf("validator-%02d", c.random.IntN(40)),
	}
	c.last = b.Hash
	for range 20 + c.random.IntN(20) {
		tx := &Tx{From: c.account(), To: c.account(), Amount: c.random.Uint64N(1e9)}
		if c.random.IntN(4) == 0 {
			tx.Memo = make([]byte, 20+c.random.IntN(200))
		}
		b.Txs = append(b.Txs, tx)
	}
	c.buffer.Bytes = c.buffer.Bytes[:0]
	b.encode(&c.buffer)
	return c.buffer.Bytes
}
