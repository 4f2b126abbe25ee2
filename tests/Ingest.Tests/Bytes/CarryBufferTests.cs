namespace FastStream.Tests.Ingest.Bytes;

public sealed class CarryBufferTests
{
    [Fact]
    public void Append_InPieces_KeepsThemTogether()
    {
        using var carry = new CarryBuffer();
        byte[] expected = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        foreach (byte[] piece in expected.Chunk(777))
        {
            carry.Append(piece);
        }

        Assert.Equal(expected, carry.Take().ToArray());
        Assert.Equal(0, carry.Count);
    }

    [Fact]
    public void Clear_HoldsNoMemory_AndCanBeUsedAgain()
    {
        using var carry = new CarryBuffer();
        carry.Append(new byte[1 << 20]);
        carry.Take();
        carry.Clear();
        Assert.Equal(0, carry.Capacity);
        carry.Append([1, 2]);
        Assert.Equal([1, 2], carry.Span.ToArray());
    }
}
