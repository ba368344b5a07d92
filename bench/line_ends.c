/* Both ends of the line that `line.py` measures on.
 *
 *   line_ends slave BAUD UNITS REGISTERS [SILENT]   instruments on a pty, with the timing of a real
 *       line: prints the name of the port, serves until its input ends, and then prints how many
 *       requests came and how many came before the silence of 3.5 characters was over
 *   line_ends reader PORT BAUD UNITS REGISTERS ROUNDS    the bare reader: asks unit after unit,
 *       reads exactly the answer, keeps the silence, and prints the microseconds of each round
 *
 * 8N1: a character is 10 bits. The request has its time on the wire too, although a pty hands it
 * over at once; behind it the instrument needs its own silence of 3.5 characters to know its end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 8, MOST = 300 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void until(int64_t at)
{
    struct timespec t = {at / 1000000000LL, at % 1000000000LL};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static uint16_t crc(const uint8_t *data, int size)
{
    uint16_t value = 0xFFFF;
    for (int i = 0; i < size; i++) {
        value ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xA001 : value >> 1;
    }
    return value;
}

static int64_t character_ns(int baud) { return 10000000000LL / baud; }

static int64_t silence_ns(int baud)
{
    return baud > 19200 ? 1750000 : character_ns(baud) * 7 / 2;
}

static int answer(uint8_t *out, int unit, int registers)
{
    out[0] = unit, out[1] = 3, out[2] = 2 * registers;
    for (int i = 0; i < registers; i++) {
        out[3 + 2 * i] = unit;
        out[4 + 2 * i] = i;
    }
    uint16_t sum = crc(out, 3 + 2 * registers);
    out[3 + 2 * registers] = sum & 0xFF, out[4 + 2 * registers] = sum >> 8;
    return 5 + 2 * registers;
}

static void serve(int master, int baud, int units, int registers, int silent)
{
    uint8_t in[MOST], out[MOST];
    int have = 0, asked = 0, hurried = 0;
    int64_t one = character_ns(baud), silence = silence_ns(baud), free_at = 0;
    struct pollfd ends[2] = {{0, POLLIN, 0}, {master, POLLIN, 0}};
    for (;;) {
        poll(ends, 2, -1);
        if (ends[0].revents)
            break;
        int64_t came = now_ns();
        int more = read(master, in + have, sizeof in - have);
        if (more <= 0) { /* nobody has the port open */
            usleep(2000);
            continue;
        }
        if (have == 0 && came < free_at)
            hurried++;
        have += more;
        if (have < REQUEST)
            continue;
        have = 0;
        asked++;
        int unit = in[0];
        if (crc(in, 6) != (in[6] | in[7] << 8) || unit < 1 || unit > units)
            continue;
        int64_t at = came + REQUEST * one + silence;
        free_at = at;
        if (unit == silent)
            continue;
        int size = answer(out, unit, registers);
        for (int sent = 0; sent < size;) {
            until(at + (sent + 1) * one);
            int due = (now_ns() - at) / one;
            due = due > size ? size : due;
            if (due > sent && write(master, out + sent, due - sent) == due - sent)
                sent = due;
        }
        free_at = at + size * one + silence;
    }
    printf("%d %d\n", asked, hurried);
}

static void ask_all(int port, int baud, int units, int registers, int rounds)
{
    uint8_t request[REQUEST], in[MOST], wanted[MOST];
    int64_t free_at = 0;
    for (int round = 0; round < rounds; round++) {
        int64_t begun = now_ns();
        for (int unit = 1; unit <= units; unit++) {
            uint8_t body[6] = {unit, 3, 0, 0, registers >> 8, registers & 0xFF};
            uint16_t sum = crc(body, 6);
            memcpy(request, body, 6);
            request[6] = sum & 0xFF, request[7] = sum >> 8;
            until(free_at);
            if (write(port, request, REQUEST) != REQUEST)
                exit(1);
            int size = 5 + 2 * registers, have = 0;
            struct pollfd end = {port, POLLIN, 0};
            while (have < size) {
                if (poll(&end, 1, 2000) != 1)
                    exit(2);
                int more = read(port, in + have, size - have);
                have += more > 0 ? more : 0;
            }
            free_at = now_ns() + silence_ns(baud);
            answer(wanted, unit, registers);
            if (memcmp(in, wanted, size))
                exit(3);
        }
        printf("%lld\n", (long long)(now_ns() - begun) / 1000);
    }
}

int main(int count, char **word)
{
    prctl(PR_SET_TIMERSLACK, 1UL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (count >= 5 && !strcmp(word[1], "slave")) {
        int master = posix_openpt(O_RDWR | O_NOCTTY);
        grantpt(master), unlockpt(master);
        int held = open(ptsname(master), O_RDWR | O_NOCTTY);
        struct termios raw;
        tcgetattr(held, &raw);
        cfmakeraw(&raw);
        tcsetattr(held, TCSANOW, &raw);
        printf("%s\n", ptsname(master));
        serve(master, atoi(word[2]), atoi(word[3]), atoi(word[4]), count > 5 ? atoi(word[5]) : 0);
        return 0;
    }
    if (count == 7 && !strcmp(word[1], "reader")) {
        int port = open(word[2], O_RDWR | O_NOCTTY);
        if (port < 0)
            return 1;
        ask_all(port, atoi(word[3]), atoi(word[4]), atoi(word[5]), atoi(word[6]));
        return 0;
    }
    return 64;
}
