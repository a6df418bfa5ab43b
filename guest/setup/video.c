/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text screen as it is: mode, size, cursor. No mode is set: if the header's
 * vid_mode requests one, the kernel sets it.
 *
 * Spec: Linux zero-page.rst, screen_info; Ralf Brown's interrupt list.
 */
#include "bios.h"
#include "setup.h"

#define INT_VIDEO	  0x10
#define BIOS_DATA	  0x40
#define BIOS_ROWS	  0x84 /* u8, rows less one */
#define BIOS_POINTS	  0x85 /* u16, a character's height */
#define CGA_LINES	  25
#define MODE_TEXT_80	  3
#define MODE_MONO	  7
#define DISPLAY_NO_ANSWER 0xff

/* INT 10h 1A00 is VGA's own; older adapters do not answer. */
static bool is_vga(void)
{
	struct bios_regs r = { .ax = 0x1a00 };

	bios_call(INT_VIDEO, &r);
	return (r.ax & 0xff) == 0x1a && (r.bx & 0xff) != DISPLAY_NO_ANSWER;
}

void video_detect(void)
{
	struct bios_regs mode = { .ax = 0x0f00 }, cursor = { .ax = 0x0300 };
	uint32_t rows_points = far_load32(BIOS_DATA, BIOS_ROWS);
	uint8_t number;

	bios_call(INT_VIDEO, &mode);
	number = mode.ax & 0x7f;
	if (!is_vga() || (number > MODE_TEXT_80 && number != MODE_MONO))
		return;
	cursor.bx = mode.bx & 0xff00;
	bios_call(INT_VIDEO, &cursor);

	boot_params[BP_ORIG_X] = (uint8_t)cursor.dx;
	boot_params[BP_ORIG_Y] = (uint8_t)(cursor.dx >> 8);
	boot_params[BP_ORIG_VIDEO_PAGE] = (uint8_t)(mode.bx >> 8);
	boot_params[BP_ORIG_VIDEO_MODE] = number;
	boot_params[BP_ORIG_VIDEO_COLS] = (uint8_t)(mode.ax >> 8);
	boot_params[BP_ORIG_VIDEO_LINES] = rows_points & 0xff
						   ? (uint8_t)(rows_points + 1)
						   : CGA_LINES;
	boot_params[BP_ORIG_VIDEO_ISVGA] = 1;
	boot_params[BP_ORIG_VIDEO_POINTS] = (uint8_t)(rows_points >> 8);
	boot_params[BP_ORIG_VIDEO_POINTS + 1] = (uint8_t)(rows_points >> 16);
}
