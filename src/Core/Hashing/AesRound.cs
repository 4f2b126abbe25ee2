using System.Runtime.Intrinsics;

namespace FastStream.Runtime;

/// <summary>
/// A round of AES without its key, by the arithmetic of FIPS 197: for processors without an instruction for it.
/// </summary>
internal static class AesRound
{
    private static readonly byte[] Substitutes = NewSubstitutes();

    public static Vector128<byte> Of(Vector128<byte> state)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<byte> result = stackalloc byte[16];
        Span<byte> column = stackalloc byte[4];
        state.CopyTo(bytes);
        for (int c = 0; c < 4; c++)
        {
            // Rotates each row by its number.
            for (int row = 0; row < 4; row++)
            {
                column[row] = Substitutes[bytes[(4 * ((c + row) % 4)) + row]];
            }

            int all = column[0] ^ column[1] ^ column[2] ^ column[3];
            for (int row = 0; row < 4; row++)
            {
                result[(4 * c) + row] = (byte)(column[row] ^ all ^ Double((byte)(column[row] ^ column[(row + 1) % 4])));
            }
        }

        return Vector128.Create(result);
    }

    // Doubles a number in the field of 2^8 elements.
    private static byte Double(byte x) => (byte)((x << 1) ^ (x >> 7) * 0x1B);

    // For each number, an affine transformation of its inverse. 3 generates the field: its powers give the inverses.
    private static byte[] NewSubstitutes()
    {
        byte[] substitutes = new byte[256];
        byte power = 1;
        byte inverse = 1;
        do
        {
            power = (byte)(power ^ Double(power));                          // times 3
            inverse = Third(inverse);
            substitutes[power] = (byte)(inverse ^ Turn(inverse, 1) ^ Turn(inverse, 2) ^ Turn(inverse, 3) ^ Turn(inverse, 4) ^ 0x63);
        }
        while (power != 1);
        substitutes[0] = 0x63;
        return substitutes;

        static byte Turn(byte x, int bits) => (byte)((x << bits) | (x >> (8 - bits)));
    }

    // Divides a number by 3.
    private static byte Third(byte x)
    {
        x ^= (byte)(x << 1);
        x ^= (byte)(x << 2);
        x ^= (byte)(x << 4);
        return (byte)(x ^ (x >> 7) * 0x09);
    }
}
