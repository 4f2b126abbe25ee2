using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Gives every user function its own machine code for the loop that calls it: an operator that calls a function has a
/// marker type as type argument, and the just-in-time compiler compiles (and profiles) it anew for each marker.
/// </summary>
/// <remarks>
/// Without it, all <c>Map</c> operators of a process with the same record types share one loop and one profile. The
/// compiler can then inline only one of their functions, and which one is a matter of chance. The same function always
/// gets the same marker, so its code is generated once, however many contexts use it. There are 64 markers; with more
/// functions, some share one. Code compiled ahead of time has one marker, as it has no profile.
/// docs/decisions/0005-isolated-profiles.md has the numbers.
/// </remarks>
internal abstract class LoopSpecializer
{
    // Keyed by the type that declares the function, so that this table does not keep the type from being unloaded.
    private static readonly ConditionalWeakTable<Type, ConcurrentDictionary<MethodInfo, LoopSpecializer>> ByFunction = [];

    // For methods without a type, and generic ones over types that unload before the method's type: entries live as
    // long as a delegate refers to the method.
    private static readonly ConditionalWeakTable<MethodInfo, LoopSpecializer> ByMethod = [];
    private static readonly LoopSpecializer[] All = RuntimeFeature.IsDynamicCodeSupported
        ? Markers() : [new LoopSpecializer<Marker<byte, byte>>()];
    private static int _next = -1;   // markers given out

    /// <summary>The specializer of a function; always the same one.</summary>
    public static LoopSpecializer Of(Delegate function)
    {
        MethodInfo method = function.Method;
        return method.DeclaringType is { } type && (type.IsCollectible || !method.IsCollectible)
            ? ByFunction.GetOrCreateValue(type).GetOrAdd(method, static _ => Next())
            : ByMethod.GetValue(method, static _ => Next());
    }

    /// <summary>Creates an operator with this marker.</summary>
    public abstract Operator<T> Create<T>(ISpecializedFactory<T> maker);

    private static LoopSpecializer Next() => All[(uint)Interlocked.Increment(ref _next) % (uint)All.Length];

    private static LoopSpecializer[] Markers()
    {
        var all = new List<LoopSpecializer>();
        AddRow<byte>(all);
        AddRow<sbyte>(all);
        AddRow<short>(all);
        AddRow<ushort>(all);
        AddRow<int>(all);
        AddRow<uint>(all);
        AddRow<long>(all);
        AddRow<ulong>(all);
        return [.. all];
    }

    private static void AddRow<TRow>(List<LoopSpecializer> all)
        where TRow : struct
    {
        all.Add(new LoopSpecializer<Marker<TRow, byte>>());
        all.Add(new LoopSpecializer<Marker<TRow, sbyte>>());
        all.Add(new LoopSpecializer<Marker<TRow, short>>());
        all.Add(new LoopSpecializer<Marker<TRow, ushort>>());
        all.Add(new LoopSpecializer<Marker<TRow, int>>());
        all.Add(new LoopSpecializer<Marker<TRow, uint>>());
        all.Add(new LoopSpecializer<Marker<TRow, long>>());
        all.Add(new LoopSpecializer<Marker<TRow, ulong>>());
    }

    // Used only as a type argument.
    private readonly struct Marker<TRow, TColumn>;
}

internal sealed class LoopSpecializer<TMarker> : LoopSpecializer
    where TMarker : struct
{
    public override Operator<T> Create<T>(ISpecializedFactory<T> maker) => maker.Create<TMarker>();
}

/// <summary>Creates an operator for a marker type.</summary>
/// <typeparam name="T">The operator's input record.</typeparam>
internal interface ISpecializedFactory<T>
{
    Operator<T> Create<TMarker>()
        where TMarker : struct;
}
