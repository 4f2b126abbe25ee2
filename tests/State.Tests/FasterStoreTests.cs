using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.State;

public sealed class FasterStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Store_RandomOperations_DoAsADictionary(int seed) => KeyedStoreContract.Check(new FasterStateStore { SegmentBytes = 1 << 20, LeastGarbageBytes = seed % 2 == 0 ? 128 << 10 : 16 << 20 }, _directory.Path, seed, steps: 120);

    [Fact]
    public void Write_ValueLargerThanAPage_SaysWhatToDo()
    {
        using KeyedStore store = new FasterStateStore { PageBytes = 64 << 10 }.Open(new KeyedStoreSettings { Directory = _directory.Path, Name = "s", MemoryBytes = 1 << 20 });
        var error = Assert.Throws<InvalidOperationException>(() => store.Write([1], new byte[64 << 10]));
        Assert.Contains("PageBytes", error.Message, StringComparison.Ordinal);
        store.Write([1], new byte[60 << 10]);
    }
}
