namespace FastStream.Tests.Core.Operators;

/// <summary>Records whose static type does not show the text in them; each also with a string in the text's place.</summary>
internal static class HiddenTextKinds
{
    public static IReadOnlyDictionary<string, IHiddenTextKind> ByName { get; } = new Dictionary<string, IHiddenTextKind>
    {
        ["object"] = new HiddenTextKind<object>(text => text, item => item.ToString()!),
        ["interface"] = new HiddenTextKind<INamed>(text => New<Login<object>, INamed>(text, typeof(Login<>)), item => item.Name),
        ["abstract record"] = new HiddenTextKind<Event>(text => New<Login<object>, Event>(text, typeof(Login<>)), item => item.Name),
        ["open class"] = new HiddenTextKind<Order>(text => new Order { Note = text }, item => item.Note!.ToString()!),
        ["derived of an open class"] = new HiddenTextKind<Order>(
            text => New<Noted<object>, Order>(text, typeof(Noted<>)),
            item => ((INamed)item).Name),
        ["sealed class of an object"] = new HiddenTextKind<Envelope>(text => new Envelope(text), item => item.Content.ToString()!),
        ["struct of an object"] = new HiddenTextKind<Pair>(text => new Pair(1, 2, text), item => item.Content.ToString()!),
        ["nullable struct of an object"] = new HiddenTextKind<Pair?>(text => new Pair(1, 2, text), item => item!.Value.Content.ToString()!),
        ["tuple of tuples"] = new HiddenTextKind<(byte, (int, Pair?)?)>(
            text => (1, (2, new Pair(1, 2, text))),
            item => item.Item2!.Value.Item2!.Value.Content.ToString()!),
        ["boxed struct"] = new HiddenTextKind<object>(
            text => (1, (object)(2, text)),
            item => ((ValueTuple<int, object>)((ValueTuple<int, object>)item).Item2).Item2.ToString()!),
        ["delegate"] = new HiddenTextKind<Func<string>>(Closure, item => item()),
        ["delegates"] = new HiddenTextKind<Func<string>>(text => (Func<string>)(() => "") + Closure(text), item => item()),
        ["sequence"] = new HiddenTextKind<IEnumerable<string>>(
            text => new[] { text }.Select(each => each.ToString()!),
            item => item.Single()),
        ["iterator"] = new HiddenTextKind<IEnumerable<object>>(Iterate, item => item.First().ToString()!),
        ["list of bases"] = new HiddenTextKind<List<Event>>(
            text => [new Logout(), New<Login<object>, Event>(text, typeof(Login<>))],
            item => item[1].Name),
        ["array of objects"] = new HiddenTextKind<object[]>(text => [1, "two", text], item => item[2].ToString()!),
        ["array of arrays"] = new HiddenTextKind<object[,]>(text => new[,] { { 1, 2 }, { "x", text } }, item => item[1, 1].ToString()!),
        ["array of structs"] = new HiddenTextKind<Pair?[]>(
            text => [null, new Pair(1, 2, text)],
            item => item[1]!.Value.Content.ToString()!),
        ["dictionary"] = new HiddenTextKind<Dictionary<string, object>>(
            text => new() { ["a"] = 1, ["b"] = text },
            item => item["b"].ToString()!),
        ["sorted dictionary"] = new HiddenTextKind<SortedDictionary<string, object>>(
            text => new() { ["a"] = 1, ["b"] = text },
            item => item["b"].ToString()!),
        ["ring"] = new HiddenTextKind<Node>(text => Node.Ring(40, text), item => item.Last.Content!.ToString()!),
        ["finished task"] = new HiddenTextKind<Task<object>>(Task.FromResult, item => item.Result.ToString()!),
        ["lazy"] = new HiddenTextKind<Lazy<string>>(text => new Lazy<string>(Closure(text)), item => item.Value),
        ["memory"] = new HiddenTextKind<ReadOnlyMemory<object>>(text => new object[] { text }, item => item.Span[0].ToString()!),
    };

    private static Func<string> Closure(object text)
    {
        if (text is Utf8Text bytes)
        {
            return () => bytes.ToString();
        }

        string captured = (string)text;
        return () => captured;
    }

    private static IEnumerable<object> Iterate(object text)
    {
        yield return text;
        yield return 0;
    }

    // A type with a field of the text's own type, so that no box is needed.
    private static TBase New<TExample, TBase>(object text, Type definition)
        where TExample : TBase => (TBase)Activator.CreateInstance(definition.MakeGenericType(text.GetType()), text)!;

    internal interface INamed
    {
        string Name { get; }
    }

    internal abstract record Event : INamed
    {
        public abstract string Name { get; }
    }

    internal sealed record Login<T>(T User) : Event
    {
        public override string Name => User!.ToString()!;
    }

    internal sealed record Logout : Event
    {
        public override string Name => "";
    }

    internal record Order
    {
        public object? Note { get; init; }
    }

    internal sealed record Noted<T>(T Text) : Order, INamed
    {
        public string Name => Text!.ToString()!;
    }

    internal sealed record Envelope(object Content);

    internal readonly record struct Pair(byte Small, long Large, object Content);

    internal sealed class Node
    {
        public object? Content { get; private init; }

        public Node Next { get; private set; } = null!;

        public Node Last { get; private set; } = null!;

        public static Node Ring(int count, object content)
        {
            var last = new Node { Content = content };
            Node first = last;
            for (int i = 1; i < count; i++)
            {
                first = new Node { Content = i, Next = first, Last = last };
            }

            last.Next = first;
            last.Last = last;
            return first;
        }
    }
}

/// <summary>A kind of record, for programs of any record type.</summary>
internal interface IHiddenTextKind
{
    Task VisitAsync(IHiddenTextProgram program);
}

/// <summary>What is done with records of each kind.</summary>
internal interface IHiddenTextProgram
{
    Task RunAsync<T>(Func<object, T> make, Func<T, string> show);
}

internal sealed class HiddenTextKind<T>(Func<object, T> make, Func<T, string> show) : IHiddenTextKind
{
    public Task VisitAsync(IHiddenTextProgram program) => program.RunAsync(make, show);
}
