package gdb

// Processor is a stopped vCPU. It is valid as long as its handler runs.
type Processor struct {
	session *Session
	thread  int
	all     []byte // registers
	at      uint64
}

// load reads the registers.
func (p *Processor) load() (err error) {
	if p.all, err = p.session.stub.registers(p.thread); err != nil {
		return err
	}
	p.at, err = p.Register(ProgramCounter)
	return err
}

// CPU is the processor's number, from 0; the stub counts from 1.
func (p *Processor) CPU() int { return p.thread - 1 }

// Register reads one by its name, as it was when the processor was stopped.
func (p *Processor) Register(name string) (uint64, error) {
	return p.session.stub.regs.value(p.all, name)
}

// SetRegister writes one by its name. A vCPU whose program counter is written
// resumes there.
func (p *Processor) SetRegister(name string, value uint64) error {
	return p.session.stub.setRegister(p.thread, name, value)
}

// Memory reads n bytes at an address of the guest's kernel, or of the process that
// the processor runs.
func (p *Processor) Memory(addr uint64, n int) ([]byte, error) {
	return p.session.stub.memory(p.thread, addr, n)
}

// SetMemory writes there.
func (p *Processor) SetMemory(addr uint64, data []byte) error {
	return p.session.stub.setMemory(p.thread, addr, data)
}

// Break and Clear are the session's, for handlers.
func (p *Processor) Break(addr uint64, hit Handler) error { return p.session.set(addr, hit) }
func (p *Processor) Clear(addr uint64) error              { return p.session.clear(addr) }
