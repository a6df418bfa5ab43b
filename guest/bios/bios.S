/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A BIOS for kernels' setup code. It only has the calls that this code makes.
 *
 * The 16-bit code at the front of a bzImage asks the machine's firmware for
 * the memory map, the screen and the keyboard, and tells it that long mode will
 * be used. A machine without firmware must answer, too, so the launcher puts
 * this code after the interrupt vectors before it enters an image in real mode.
 *
 * Handlers run on the caller's stack, in the caller's DS and ES, and change
 * only the registers with the answer. An unknown call is refused as a real BIOS
 * refuses it: carry set, AH = 86h.
 *
 * ES:DI of a caller is not checked: it is the guest's own memory, and this code
 * runs in the guest.
 *
 * Spec: Ralf Brown's interrupt list; ACPI, "INT 15H, E820H".
 */
#include "pv/bios.h"
#include "pv/bootparam.h"
#include "pv/x86.h"

#define SMAP	     0x534d4150
#define FLAGS_CF     0x01
#define FLAGS_ZF     0x40
#define LOW_KIB	     639	/* conventional memory ends at 0x9fc00 */
#define PIC1_CMD     0x20
#define PIC2_CMD     0xa0
#define PIC_EOI	     0x20
#define LSR	     5
#define LSR_THRE     0x20
#define TEXT_80X25   0x5003	/* 80 columns, mode 3 */
#define CURSOR_SHAPE 0x0607
#define BAD_COMMAND  0x01
#define UNSUPPORTED  0x86

	.code16
	.text
	.globl bios_start
bios_start:
	.long	BIOS_MAGIC_VALUE
e820_count:
	.long	0
kib_above:
	.word	0
units_above:
	.word	0

	.org	BIOS_E820
e820_table:
	.fill	BIOS_E820_MAX * E820_ENTRY_SIZE, 1, 0

	.org	BIOS_VECTORS
vectors:
	.word	exception_00		/* divide error */
	.rept	5
	.word	ignore
	.endr
	.word	exception_06		/* invalid opcode */
	.word	ignore
	.rept	8			/* 08h-0fh: the first PIC */
	.word	irq_low
	.endr
	.word	int_10			/* screen */
	.word	int_11			/* equipment */
	.word	int_12			/* conventional memory */
	.word	int_13			/* disks */
	.word	ignore
	.word	int_15			/* system */
	.word	int_16			/* keyboard */
	.word	ignore
	.word	int_18			/* no boot device */
	.word	int_18			/* boot again */
	.word	int_1a			/* clock */
	.rept	0x70 - 0x1b
	.word	ignore
	.endr
	.rept	8			/* 70h-77h: the second PIC */
	.word	irq_high
	.endr
	.rept	0x100 - 0x78
	.word	ignore
	.endr

	.org	BIOS_CODE
ignore:
	iret

/*
 * Ends of a call that answers in the carry or zero flag. The stack holds what
 * INT pushed, below BP: IP, CS and the flags that IRET will load.
 */
carry_clear:
	pushw	%bp
	movw	%sp, %bp
	andb	$~FLAGS_CF, 6(%bp)
	popw	%bp
	iret

unsupported:
	movb	$UNSUPPORTED, %ah
carry_set:
	pushw	%bp
	movw	%sp, %bp
	orb	$FLAGS_CF, 6(%bp)
	popw	%bp
	iret

zero_set:
	pushw	%bp
	movw	%sp, %bp
	orb	$FLAGS_ZF, 6(%bp)
	popw	%bp
	iret

/* ---- unexpected interrupts */

irq_high:
	pushw	%ax
	movb	$PIC_EOI, %al
	outb	%al, $PIC2_CMD
	outb	%al, $PIC1_CMD
	popw	%ax
	iret

irq_low:
	pushw	%ax
	movb	$PIC_EOI, %al
	outb	%al, $PIC1_CMD
	popw	%ax
	iret

/* A fault that is ignored repeats for ever: say so and stop. */
exception_00:
	movw	$message_00, %si
	jmp	stop
exception_06:
	movw	$message_06, %si
stop:
	movb	%cs:(%si), %al
	incw	%si
	testb	%al, %al
	jz	1f
	call	send
	jmp	stop
1:	cli
	hlt
	jmp	1b

message_00:
	.asciz	"BIOS: divide error in 16-bit code\r\n"
message_06:
	.asciz	"BIOS: invalid opcode in 16-bit code\r\n"

/* ---- 10h: the screen is the serial port */

int_10:
	cmpb	$0x0e, %ah		/* write a character */
	je	send_iret
	cmpb	$0x0f, %ah		/* which mode? */
	je	1f
	cmpb	$0x03, %ah		/* where is the cursor? */
	je	2f
	cmpb	$0x4f, %ah		/* VESA: there is none */
	je	3f
	iret
1:	movw	$TEXT_80X25, %ax
	xorb	%bh, %bh
	iret
2:	movw	$CURSOR_SHAPE, %cx
	xorw	%dx, %dx
	iret
3:	movw	$0x0100, %ax
	iret

send_iret:
	call	send
	iret

/* The character in AL. */
send:
	pushw	%dx
	pushw	%ax
	movw	$COM1_PORT + LSR, %dx
1:	inb	%dx, %al
	testb	$LSR_THRE, %al
	jz	1b
	popw	%ax
	movw	$COM1_PORT, %dx
	outb	%al, %dx
	popw	%dx
	ret

/* ---- 11h, 12h, 13h: nothing fitted, 639 KiB, no disks */

int_11:
	xorw	%ax, %ax
	iret

int_12:
	movw	$LOW_KIB, %ax
	iret

int_13:
	movb	$BAD_COMMAND, %ah
	jmp	carry_set

/* ---- 15h: memory, A20 */

int_15:
	cmpw	$0xe820, %ax
	je	e820
	cmpw	$0xe801, %ax
	je	e801
	cmpb	$0x88, %ah
	je	ext_memory
	cmpb	$0x24, %ah		/* A20 is always on */
	jne	unsupported
	cmpb	$0x02, %al
	ja	unsupported
	movw	$0x0001, %ax		/* 2402h asks; 2401h and 2400h order */
	jmp	carry_clear

/* EBX: which entry; ES:DI: 20 bytes for it. */
e820:
	cmpl	$SMAP, %edx
	jne	unsupported
	cmpl	$E820_ENTRY_SIZE, %ecx
	jb	unsupported
	movl	%cs:e820_count, %eax
	cmpl	%eax, %ebx
	jae	unsupported
	pushw	%ds
	pushw	%si
	pushw	%di
	pushw	%cs
	popw	%ds
	imulw	$E820_ENTRY_SIZE, %bx, %si
	addw	$e820_table, %si
	movw	$E820_ENTRY_SIZE / 4, %cx
	cld
	rep movsl
	popw	%di
	popw	%si
	popw	%ds
	incl	%ebx
	cmpl	%eax, %ebx
	jb	1f
	xorl	%ebx, %ebx		/* that was the last one */
1:	movl	$E820_ENTRY_SIZE, %ecx
	movl	$SMAP, %eax
	jmp	carry_clear

e801:
	movw	%cs:kib_above, %ax
	movw	%cs:units_above, %bx
	movw	%ax, %cx
	movw	%bx, %dx
	jmp	carry_clear

ext_memory:
	movw	%cs:kib_above, %ax
	jmp	carry_clear

/* ---- 16h: a keyboard on which no key is pressed */

int_16:
	andb	$0xef, %ah		/* 1xh: the same for 101 keys */
	cmpb	$0x01, %ah
	je	zero_set		/* no key waits */
	cmpb	$0x02, %ah
	ja	1f			/* settings: taken, of no effect */
	xorw	%ax, %ax		/* a key that is none; no shift */
1:	iret

/* ---- 18h, 19h: start again */

int_18:
	ljmp	$0xf000, $0xfff0

/* ---- 1ah: the clock, from CMOS */

int_1a:
	cmpb	$0x02, %ah
	je	rtc_time
	testb	%ah, %ah
	jne	unsupported
	/* Ticks of 55 ms since midnight: from the seconds, which is exact
	 * enough here. */
	movb	$0x00, %al
	call	cmos
	movb	%al, %cl
	andb	$0x0f, %cl
	shrb	$4, %al
	movb	$10, %ah
	mulb	%ah
	addb	%cl, %al		/* BCD undone */
	movb	$18, %ah
	mulb	%ah
	movw	%ax, %dx
	xorw	%cx, %cx
	movb	$0, %al			/* midnight has not passed */
	iret

rtc_time:
	pushw	%ax
	movb	$0x00, %al
	call	cmos
	movb	%al, %dh
	movb	$0x02, %al
	call	cmos
	movb	%al, %cl
	movb	$0x04, %al
	call	cmos
	movb	%al, %ch
	movb	$0, %dl			/* no daylight saving */
	popw	%ax
	jmp	carry_clear

/* CMOS register AL into AL. */
cmos:
	outb	%al, $RTC_INDEX
	inb	$RTC_DATA, %al
	ret

	.globl bios_end
bios_end:
