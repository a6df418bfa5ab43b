/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to the serial port and the VGA text screen; see screen.h.
 *
 * The cursor lives in boot_params' screen_info, where the setup code left it
 * and where the kernel will look for it.
 */
#include "lib/say.h"
#include "lib/serial.h"
#include "lib/string.h"
#include "pv/bootparam.h"
#include "screen.h"

#define VGA_TEXT	0xb8000
#define MONO_TEXT	0xb0000
#define MODE_MONO	7
#define ATTRIBUTE_WHITE 0x0700

/*
 * The stub's only variable. It travels in the image, which has no .bss, and
 * so needs a value that is not zero.
 */
static uint8_t *const no_screen = (uint8_t *)1;
static uint8_t *params __attribute__((section(".data"))) = (uint8_t *)1;

void screen_init(uint8_t *boot_params)
{
	if (boot_params[BP_ORIG_VIDEO_ISVGA] == 1 &&
	    boot_params[BP_ORIG_VIDEO_COLS] && boot_params[BP_ORIG_VIDEO_LINES])
		params = boot_params;
}

static void scroll(uint16_t *text, unsigned cols, unsigned lines)
{
	memcpy(text, text + cols, (lines - 1) * cols * sizeof(*text));
	for (unsigned i = 0; i < cols; i++)
		text[(lines - 1) * cols + i] = ATTRIBUTE_WHITE | ' ';
}

static void screen_putc(char c)
{
	uintptr_t base = params[BP_ORIG_VIDEO_MODE] == MODE_MONO ? MONO_TEXT
								 : VGA_TEXT;
	unsigned cols = params[BP_ORIG_VIDEO_COLS];
	unsigned lines = params[BP_ORIG_VIDEO_LINES];
	unsigned x = params[BP_ORIG_X], y = params[BP_ORIG_Y];
	uint16_t *text = (uint16_t *)base;

	if (c != '\n' && x < cols && y < lines)
		text[y * cols + x] = ATTRIBUTE_WHITE | (uint8_t)c;
	if (c == '\n' || ++x >= cols) {
		x = 0;
		if (++y >= lines) {
			y = lines - 1;
			scroll(text, cols, lines);
		}
	}
	params[BP_ORIG_X] = (uint8_t)x;
	params[BP_ORIG_Y] = (uint8_t)y;
}

void say_char(char c)
{
	serial_putc(c);
	if (params != no_screen)
		screen_putc(c);
}
