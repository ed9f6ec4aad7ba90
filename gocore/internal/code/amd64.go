package code

import "golang.org/x/arch/x86/x86asm"

// The registers of amd64 are numbered as instructions have them. register is the order
// in which the calling convention uses them (cmd/compile/abi-internal.md, Go 1.17 and
// newer).
var register = [...]uint8{0, 3, 1, 7, 6, 8, 9, 10, 11} // RAX RBX RCX RDI RSI R8 R9 R10 R11

// dwarfRegister has the numbers of the integer registers by those that DWARF has for them
// (System V ABI, AMD64 supplement, figure 3.36).
var dwarfRegister = [...]uint8{0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15}

const (
	stackPointer = 4
	context      = 2    // RDX has the address of a closure when its code begins
	destination  = 7    // RDI is where instructions that fill memory begin
	noRegister   = 0xff // one that is not followed
)

// number returns the number of a register and its size; 0 for those that are not followed.
func number(r x86asm.Reg) (n, size uint8) {
	switch {
	case r >= x86asm.RAX && r <= x86asm.R15:
		return uint8(r - x86asm.RAX), 8
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return uint8(r - x86asm.EAX), 4
	case r >= x86asm.AX && r <= x86asm.R15W:
		return uint8(r - x86asm.AX), 2
	case r >= x86asm.AH && r <= x86asm.BH:
		return uint8(r - x86asm.AH), 1
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return uint8(r-x86asm.SPB) + 4, 1
	case r >= x86asm.AL && r <= x86asm.BL:
		return uint8(r - x86asm.AL), 1
	}
	return noRegister, 0
}

// Follows reports whether the code of a processor, by Go's name for it, is understood.
func Follows(arch string) bool { return arch == "amd64" }

// decode decodes the whole code.
func (f *Function) decode() bool {
	f.at = make([]int32, len(f.c.Text))
	for i := range f.at {
		f.at[i] = -1
	}
	for off := 0; off < len(f.c.Text); {
		if len(f.insts) >= f.c.MaxSteps {
			return false
		}
		addr := f.c.Entry + uint64(off)
		x, err := x86asm.Decode(f.c.Text[off:], 64)
		f.at[off] = int32(len(f.insts))
		if err != nil || x.Len == 0 {
			f.insts = append(f.insts, inst{addr: addr, len: 1, flow: flowLost})
			off++
			continue
		}
		f.insts = append(f.insts, translate(addr, &x))
		off += x.Len
	}
	return len(f.insts) > 0
}

// translate says what an instruction does to what is followed. What is not known here
// changes the registers and the memory that it names, and what it changes without naming
// it is in the list below.
func translate(addr uint64, x *x86asm.Inst) inst {
	y := inst{addr: addr, len: uint8(x.Len), size: 8}
	end := addr + uint64(x.Len)
	y.dst = placeOf(x, x.Args[0], end)
	y.src = placeOf(x, x.Args[1], end)
	switch {
	case y.dst.kind == inReg:
		_, y.size = number(x.Args[0].(x86asm.Reg))
	case x.MemBytes > 0:
		y.size = uint8(min(x.MemBytes, 64))
	default:
		y.size = uint8(x.DataSize / 8)
	}
	imm, isImm := x.Args[1].(x86asm.Imm)
	switch x.Op {
	case x86asm.RET, x86asm.UD2, x86asm.INT, x86asm.HLT, x86asm.LRET:
		y.op, y.flow, y.returns = opNothing, flowEnd, x.Op == x86asm.RET
	case x86asm.CALL:
		y.op = opCall
		if rel, ok := x.Args[0].(x86asm.Rel); ok {
			y.to = end + uint64(int64(rel))
		}
		y.kill = 1<<11 | 1<<7 | 1<<6 // of those that follow no convention
	case x86asm.JMP:
		if rel, ok := x.Args[0].(x86asm.Rel); ok {
			y.flow, y.to = flowJump, end+uint64(int64(rel))
		} else {
			y.flow = flowLost
		}
	case x86asm.JA, x86asm.JAE, x86asm.JB, x86asm.JBE, x86asm.JCXZ, x86asm.JE, x86asm.JECXZ, x86asm.JG, x86asm.JGE,
		x86asm.JL, x86asm.JLE, x86asm.JNE, x86asm.JNO, x86asm.JNP, x86asm.JNS, x86asm.JO, x86asm.JP, x86asm.JRCXZ, x86asm.JS,
		x86asm.LOOP, x86asm.LOOPE, x86asm.LOOPNE:
		rel, ok := x.Args[0].(x86asm.Rel)
		y.flow, y.to = flowBranch, end+uint64(int64(rel))
		if !ok {
			y.flow = flowLost
		}
	case x86asm.MOV:
		y.fresh = true
		switch y.op = opMove; {
		case isImm && imm == 0:
			y.op = opClear
		case isImm, y.dst.kind == noPlace, y.src.kind == noPlace:
			y.op = opClobber
		}
	case x86asm.LEA:
		y.op = opAddress
	case x86asm.XOR:
		y.op = opClobber
		if x.Args[0] == x.Args[1] {
			y.op = opClear
		}
	case x86asm.ADD, x86asm.SUB:
		y.op = opClobber
		if isImm && y.dst.kind == inReg && y.size == 8 {
			y.op, y.src.off = opAdd, int64(imm)
			if x.Op == x86asm.SUB {
				y.src.off = -y.src.off
			}
			if y.dst.reg == stackPointer {
				y.op = opAddSP
			}
		}
	case x86asm.PUSH:
		y.op, y.src = opPush, y.dst
	case x86asm.POP:
		y.op = opPop
	case x86asm.CMOVA, x86asm.CMOVAE, x86asm.CMOVB, x86asm.CMOVBE, x86asm.CMOVE, x86asm.CMOVG, x86asm.CMOVGE, x86asm.CMOVL, x86asm.CMOVLE,
		x86asm.CMOVNE, x86asm.CMOVNO, x86asm.CMOVNP, x86asm.CMOVNS, x86asm.CMOVO, x86asm.CMOVP, x86asm.CMOVS:
		y.op = opMaybe
	case x86asm.CMP, x86asm.TEST, x86asm.BT, x86asm.NOP, x86asm.PREFETCHNTA, x86asm.PREFETCHT0, x86asm.PREFETCHT1, x86asm.PREFETCHT2,
		x86asm.PREFETCHW, x86asm.UCOMISD, x86asm.UCOMISS, x86asm.COMISD, x86asm.COMISS, x86asm.LFENCE, x86asm.MFENCE, x86asm.SFENCE, x86asm.PAUSE:
		y.op, y.compares = opNothing, true
	case x86asm.MOVUPS, x86asm.MOVUPD, x86asm.MOVDQU, x86asm.MOVAPS:
		y.op = opClobber
		if x.Args[1] == x86asm.X15 && y.dst.kind == inMemory {
			y.op = opClear // X15 is 0 in Go's code (cmd/compile/abi-internal.md)
		}
	case x86asm.STOSB, x86asm.STOSD, x86asm.STOSQ, x86asm.STOSW, x86asm.MOVSB, x86asm.MOVSQ, x86asm.MOVSW:
		y.op, y.dst = opFillAll, place{inReg, 7, 0}
		y.kill = 1<<1 | 1<<6 | 1<<7 // RCX, RSI, RDI
	case x86asm.XCHG, x86asm.XADD, x86asm.CMPXCHG:
		y.op, y.atomic = opClobber, x.Op != x86asm.XCHG
		if y.src.kind == inReg {
			y.kill = 1<<y.src.reg | 1<<0
		}
		if x.Op == x86asm.XCHG && x.Args[0] == x.Args[1] {
			y.op, y.kill = opNothing, 0 // a NOP
		}
	case x86asm.AND, x86asm.OR, x86asm.NOT, x86asm.NEG, x86asm.INC, x86asm.DEC, x86asm.ADC, x86asm.SBB, x86asm.SHL, x86asm.SHR, x86asm.SAR,
		x86asm.ROL, x86asm.ROR, x86asm.SHLD, x86asm.SHRD, x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD, x86asm.MOVD, x86asm.MOVQ, x86asm.BSF, x86asm.BSR,
		x86asm.BSWAP, x86asm.BTS, x86asm.BTR, x86asm.BTC, x86asm.POPCNT, x86asm.LZCNT, x86asm.TZCNT, x86asm.MOVMSKPS, x86asm.PMOVMSKB, x86asm.MOVBE,
		x86asm.CVTTSD2SI, x86asm.CVTTSS2SI, x86asm.CVTSD2SI, x86asm.CVTSS2SI, x86asm.MOVSD_XMM, x86asm.MOVSS,
		x86asm.SETA, x86asm.SETAE, x86asm.SETB, x86asm.SETBE, x86asm.SETE, x86asm.SETG, x86asm.SETGE, x86asm.SETL, x86asm.SETLE,
		x86asm.SETNE, x86asm.SETNO, x86asm.SETNP, x86asm.SETNS, x86asm.SETO, x86asm.SETP, x86asm.SETS:
		y.op = opClobber
	case x86asm.IMUL:
		y.op = opClobber
		if x.Args[1] == nil {
			y.kill = 1<<0 | 1<<2 // the product is in RDX and RAX
		}
	case x86asm.MUL, x86asm.DIV, x86asm.IDIV, x86asm.CQO, x86asm.CDQ, x86asm.CWD, x86asm.CDQE, x86asm.CWDE, x86asm.CBW:
		y.op, y.kill = opNothing, 1<<0|1<<2
	default:
		if r, ok := x.Args[0].(x86asm.Reg); ok && r >= x86asm.X0 {
			y.op = opNothing // it computes with numbers
			break
		}
		y.op, y.kill = opClobber, ^uint32(0)
		if y.dst.kind == inMemory {
			y.size = 64
		}
	}
	if y.dst.kind == inReg && y.dst.reg == stackPointer && y.op != opAddSP && y.op != opNothing && y.flow == flowOn && y.op != opPush && y.op != opCall {
		y.flow = flowLost // the stack pointer goes elsewhere
	}
	return y
}

// placeOf returns the place that an argument names, of an instruction that ends at end.
func placeOf(x *x86asm.Inst, a x86asm.Arg, end uint64) place {
	switch a := a.(type) {
	case x86asm.Reg:
		if n, size := number(a); size > 0 {
			return place{inReg, n, 0}
		}
	case x86asm.Mem:
		if a.Segment != 0 || x.AddrSize != 64 {
			return place{elsewhere, noRegister, 0}
		}
		if a.Base == x86asm.RIP {
			return place{atAddress, 0, int64(end) + a.Disp}
		}
		n, size := number(a.Base)
		switch {
		case size != 8:
			return place{elsewhere, noRegister, 0}
		case a.Index != 0:
			return place{elsewhere, n, a.Disp}
		}
		return place{inMemory, n, a.Disp}
	}
	return place{}
}
