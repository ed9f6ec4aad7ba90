package main

import (
	"fmt"

	"goheap/testdata/programs/blockstore/codec"
)

// Hash names a block.
type Hash [32]byte

// Tx is one transaction of a block.
type Tx struct {
	From, To string
	Amount   uint64
	Memo     []byte
}

// Block is a decoded block. byAccount is filled when it is first asked for.
type Block struct {
	Height    uint64
	Hash      Hash
	Parent    Hash
	Proposer  string
	Txs       []*Tx
	byAccount map[string][]*Tx
}

// Account returns the block's transactions that touch the account.
func (b *Block) Account(name string) []*Tx {
	if b.byAccount == nil {
		b.byAccount = make(map[string][]*Tx)
		for _, tx := range b.Txs {
			b.byAccount[tx.From] = append(b.byAccount[tx.From], tx)
			b.byAccount[tx.To] = append(b.byAccount[tx.To], tx)
		}
	}
	return b.byAccount[name]
}

func (b *Block) encode(e *codec.Encoder) {
	e.Uint(b.Height)
	e.Raw(b.Hash[:])
	e.Raw(b.Parent[:])
	e.String(b.Proposer)
	e.Uint(uint64(len(b.Txs)))
	for _, tx := range b.Txs {
		e.String(tx.From)
		e.String(tx.To)
		e.Uint(tx.Amount)
		e.Raw(tx.Memo)
	}
}

func decodeBlock(message []byte) (*Block, error) {
	d := codec.NewDecoder(message)
	b := &Block{Height: d.Uint()}
	copy(b.Hash[:], d.Raw())
	copy(b.Parent[:], d.Raw())
	b.Proposer = d.String()
	n := d.Uint()
	if n > uint64(len(message)) {
		return nil, fmt.Errorf("block %d: %w", b.Height, codec.ErrShort)
	}
	for range n {
		b.Txs = append(b.Txs, &Tx{From: d.String(), To: d.String(), Amount: d.Uint(), Memo: d.Raw()})
	}
	if err := d.Err(); err != nil {
		return nil, fmt.Errorf("block %d: %w", b.Height, err)
	}
	return b, nil
}
