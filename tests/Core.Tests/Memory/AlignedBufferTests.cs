namespace FastStream.Tests.Core.Memory;

/// <summary>Looks at the collections of the whole process: runs after all others.</summary>
[Collection("alone")]
public sealed class AlignedBufferTests
{
    [Theory]
    [InlineData(8 << 10)]
    [InlineData(1 << 20)]
    public void AlignedBuffer_OfTablesThatGrow_CausesNoCollections(int length)
    {
        const int slots = 32 << 20;   // 256 MiB
        var all = new List<AlignedBuffer<long>>(slots / length);
        int before = GC.CollectionCount(0);
        for (int i = 0; i < slots / length; i++)
        {
            all.Add(new AlignedBuffer<long>(length));
        }

        int collections = GC.CollectionCount(0) - before;
        all.ForEach(memory => memory.Dispose());

        // Next to nothing was allocated that a collection could find. One may come from what ran before.
        Assert.InRange(collections, 0, 1);
    }
}
