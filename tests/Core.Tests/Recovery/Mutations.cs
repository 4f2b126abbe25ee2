namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Damages bytes for the readers of what is on the disk.</summary>
internal static class Mutations
{
    /// <summary>
    /// Feeds a reader with damaged and random bytes: it may read them or refuse them, and take no more memory than they
    /// justify.
    /// </summary>
    public static void CheckReader(Random random, int times, Func<byte[]> valid, Action<byte[]> read)
    {
        for (int i = 0; i < times; i++)
        {
            byte[] bytes = random.Next(4) == 0 ? Noise(random, random.Next(64)) : Change(random, valid());
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(bytes);
            }
            catch (InvalidDataException)
            {
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (1 << 20) + (64L * bytes.Length));
        }
    }

    /// <summary>The bytes with one to four changes: bits flipped, numbers set, pieces cut out, doubled or put behind.</summary>
    public static byte[] Change(Random random, byte[] valid)
    {
        var bytes = valid.ToList();
        for (int changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            int length = random.Next(Math.Min(8, bytes.Count - at) + 1);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)(random.Next(2) == 0 ? 0 : 255);
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.AddRange(Noise(random, random.Next(1, 16)));
                    break;
                default:
                    int number = new[] { -1, -2, int.MaxValue, int.MinValue, 0, 1, bytes.Count, random.Next() }[random.Next(8)];
                    for (int i = 0; i < sizeof(int) && at + i < bytes.Count; i++)
                    {
                        bytes[at + i] = (byte)(number >> (8 * i));
                    }

                    break;
            }
        }

        return [.. bytes];
    }

    public static byte[] Noise(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    public static byte[] Flip(byte[] bytes, long bit)
    {
        byte[] flipped = [.. bytes];
        flipped[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        return flipped;
    }
}
